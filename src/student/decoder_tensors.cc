#include "student/decoder_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/printable.h"
#include "rsr/error.h"
#include "student/hf_names.h"

namespace rsr {
namespace {

struct Wanted {
  std::string name;  // of a layer's without "blk.N."
  int64_t rows, width;
  Presence presence = Presence::kYes;
};

std::vector<Wanted> WantedOfModel(const DecoderConfig& c) {
  const bool own_factors = !c.rope_factors.empty() || c.rope_long_beyond > 0;
  const Presence long_factors =
      c.rope_long_beyond > 0 && c.rope_long_factors.empty() ? Presence::kYes : Presence::kNo;
  return {
      {"token_embd.weight", c.vocab, c.width},
      {"output_norm.weight", 1, c.width},
      {"output.weight", c.vocab, c.width, c.output_matrix},
      {"rope_freqs.weight", 1, c.rope_width / 2, own_factors ? Presence::kNo : Presence::kMaybe},
      {"rope_factors_short.weight", 1, c.rope_width / 2, long_factors},
      {"rope_factors_long.weight", 1, c.rope_width / 2, long_factors}};
}

std::vector<Wanted> WantedOfLayer(const DecoderConfig& c) {
  const int64_t q = c.heads * c.head_width, kv = c.kv_heads * c.head_width;
  std::vector<Wanted> wanted;
  const auto linear = [&](const char* name, int64_t rows, int64_t width, Presence bias) {
    wanted.push_back({fmt::format("{}.weight", name), rows, width});
    wanted.push_back({fmt::format("{}.bias", name), 1, rows, bias});
  };
  const auto norm = [&](const char* name, int64_t width) {
    wanted.push_back({fmt::format("{}.weight", name), 1, width});
  };
  linear("attn_q", q, c.width, c.query_key_value_bias);
  linear("attn_k", kv, c.width, c.query_key_value_bias);
  linear("attn_v", kv, c.width, c.query_key_value_bias);
  linear("attn_output", c.width, q, c.attention_output_bias);
  linear("ffn_gate", c.feed_forward, c.width, c.feed_forward_bias);
  linear("ffn_up", c.feed_forward, c.width, c.feed_forward_bias);
  linear("ffn_down", c.width, c.feed_forward, c.feed_forward_bias);
  if (c.norm_before) {
    norm("attn_norm", c.width);
    norm("ffn_norm", c.width);
  }
  if (c.norm_after) {
    norm("post_attention_norm", c.width);
    norm("post_ffw_norm", c.width);
  }
  if (c.query_key_norm != QueryKeyNorm::kNone) {
    const bool row = c.query_key_norm == QueryKeyNorm::kRow;
    norm("attn_q_norm", row ? q : c.head_width);
    norm("attn_k_norm", row ? kv : c.head_width);
  }
  return wanted;
}

std::vector<DecoderTensor> Named(const StudentInfo& student, const DecoderConfig& config) {
  std::vector<DecoderTensor> tensors;
  for (const StudentTensor& tensor : student.tensors) {
    DecoderTensor named{tensor, tensor.name};
    if (student.is_directory) named.name = FromHfName(tensor.name, config);
    if (named.name.empty()) continue;
    if (config.norms_less_one && named.name.ends_with("norm.weight")) named.plus = 1;
    tensors.push_back(std::move(named));
  }
  return tensors;
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

[[noreturn]] void WrongShape(const StudentInfo& student, const StudentTensor& tensor,
                             const std::string& source, const std::vector<int64_t>& expected) {
  throw Error(
      fmt::format("{}: tensor '{}' has shape {}, expected {}", student.files[tensor.file].path,
                  Printable(source), ShapeText(tensor.shape), ShapeText(expected)),
      student.is_directory ? "config.json is another model's, or the weights are"
                           : "its header contradicts its tensors");
}

struct Part {
  const char* name;
  int64_t rows;
};

// Rows lie one after the other: a tensor of several parts is cut between them.
void Cut(const StudentInfo& student, const DecoderTensor& tensor, std::string_view prefix,
         std::string_view kind, const std::vector<Part>& parts, std::vector<DecoderTensor>* out) {
  int64_t rows = 0;
  for (const Part& part : parts) rows += part.rows;
  std::vector<int64_t> expected = tensor.shape;
  if (expected.empty()) expected = {0};
  expected[0] = rows;
  if (tensor.shape != expected) WrongShape(student, tensor, tensor.source, expected);
  const int64_t row_bytes = tensor.bytes / rows;
  int64_t first = 0;
  for (const Part& part : parts) {
    DecoderTensor cut = tensor;
    cut.name = fmt::format("{}{}{}", prefix, part.name, kind);
    cut.shape[0] = part.rows;
    cut.offset += first * row_bytes;
    cut.bytes = part.rows * row_bytes;
    first += part.rows;
    out->push_back(std::move(cut));
  }
}

std::vector<DecoderTensor> CutFused(const StudentInfo& student, const DecoderConfig& config,
                                    std::vector<DecoderTensor> tensors) {
  const int64_t q = config.heads * config.head_width, kv = config.kv_heads * config.head_width;
  std::vector<DecoderTensor> out;
  for (DecoderTensor& tensor : tensors) {
    const auto layer = SplitLayer(tensor.name);
    const std::string_view rest = layer ? layer->second : "";
    const size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot),
                           kind = dot == std::string_view::npos ? "" : rest.substr(dot);
    const std::string prefix = layer ? fmt::format("blk.{}.", layer->first) : "";
    if (config.fused && part == "attn_qkv") {
      Cut(student, tensor, prefix, kind, {{"attn_q", q}, {"attn_k", kv}, {"attn_v", kv}}, &out);
    } else if (config.fused && part == "ffn_up") {
      Cut(student, tensor, prefix, kind,
          {{"ffn_gate", config.feed_forward}, {"ffn_up", config.feed_forward}}, &out);
    } else {
      out.push_back(std::move(tensor));
    }
  }
  return out;
}

}  // namespace

std::vector<DecoderTensor> DecoderTensors(const StudentInfo& student, const DecoderConfig& config) {
  std::vector<DecoderTensor> tensors = CutFused(student, config, Named(student, config));
  std::unordered_map<std::string_view, const DecoderTensor*> by_name;
  for (const DecoderTensor& tensor : tensors) {
    const auto [known, first] = by_name.emplace(tensor.name, &tensor);
    if (first) continue;
    throw Error(fmt::format("{}: tensors '{}' and '{}' are one and the same", student.path,
                            Printable(known->second->source), Printable(tensor.source)),
                "the file mixes two ways of naming");
  }
  const auto check = [&](const Wanted& wanted, const std::string& name) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      if (wanted.presence != Presence::kYes) return;
      throw Error(fmt::format("{}: has no tensor '{}'", student.path,
                              student.is_directory ? ToHfName(name, config) : name),
                  student.is_directory
                      ? "the weights are incomplete, or another model's than config.json"
                      : "the file is incomplete, or of a variant that this engine does not know: "
                        "try --engine llama");
    }
    const std::vector<int64_t> expected = wanted.rows == 1
                                              ? std::vector<int64_t>{wanted.width}
                                              : std::vector<int64_t>{wanted.rows, wanted.width};
    if (found->second->shape != expected) {
      WrongShape(student, *found->second, found->second->source, expected);
    }
  };
  for (const Wanted& wanted : WantedOfModel(config)) check(wanted, wanted.name);
  const std::vector<Wanted> of_layer = WantedOfLayer(config);
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (const Wanted& wanted : of_layer) {
      check(wanted, fmt::format("blk.{}.{}", layer, wanted.name));
    }
  }
  return tensors;
}

std::string UnknownTensor(const StudentInfo& student, const DecoderConfig& config) {
  std::vector<Wanted> of_layer = WantedOfLayer(config);
  if (config.fused) {
    for (const char* kind : {"weight", "bias"}) {
      of_layer.push_back({fmt::format("attn_qkv.{}", kind), 0, 0});
    }
  }
  const std::vector<Wanted> of_model = WantedOfModel(config);
  const auto among = [](const std::vector<Wanted>& all, std::string_view name) {
    return std::ranges::any_of(all, [&](const Wanted& wanted) {
      return wanted.name == name && wanted.presence != Presence::kNo;
    });
  };
  for (const DecoderTensor& tensor : Named(student, config)) {
    const auto layer = SplitLayer(tensor.name);
    const bool known = layer ? layer->first < config.layers && among(of_layer, layer->second)
                             : among(of_model, tensor.name);
    if (!known) return tensor.source;
  }
  return "";
}

}  // namespace rsr
