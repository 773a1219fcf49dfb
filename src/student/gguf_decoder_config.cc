// What a GGUF header says of a decoder.
#include <fmt/format.h>
#include <gguf.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/printable.h"
#include "rsr/error.h"
#include "student/decoder_config.h"
#include "student/family.h"
#include "student/ggml_log.h"
#include "student/gguf_metadata.h"
#include "student/rope_scaling.h"

namespace rsr {
namespace {

// What changes the computation and is not implemented; empty: nothing.
std::string Unsupported(const GgufMetadata& metadata, const Family& family) {
  if (metadata.Integer("expert_count") > 0) return "it is a mixture of experts";
  const std::string scaling = metadata.Text("rope.scaling.type");
  constexpr const char* kKnown[] = {"", "none", "linear", "yarn", "longrope"};
  const bool two_kinds = family.window_rope && scaling == "yarn";  // which of them, it cannot say
  if (two_kinds || std::ranges::find(kKnown, scaling) == std::end(kKnown)) {
    return fmt::format("its positions are scaled ('{}')", Excerpt(scaling));
  }
  // Few files have other values, of which llama.cpp itself does not use all.
  for (const auto& [key, usual] : {std::pair("rope.scaling.yarn_ext_factor", -1.0),
                                   {"rope.scaling.yarn_attn_factor", 1.0},
                                   {"rope.scaling.yarn_log_multiplier", 0.0}}) {
    const double value = metadata.Real(key, usual);
    if (value != usual) return fmt::format("its {} is {}", key, value);
  }
  if (family.granite_scales && !metadata.Boolean("rope.scaling.finetuned", true)) {
    return "its positions are not rotated";  // Granite's use of the key
  }
  for (const char* key :
       {"attention.head_count", "attention.head_count_kv", "feed_forward_length"}) {
    if (metadata.IsArray(key)) return fmt::format("its {} differs by layer", key);
  }
  if (metadata.Integer("attention.key_length", -1) !=
      metadata.Integer("attention.value_length", -1)) {
    return "its keys and values differ in width";
  }
  if (family.window_pattern == 0 && metadata.Integer("attention.sliding_window") > 0) {
    return "its attention has a sliding window";
  }
  return "";
}

void ReadRopeScaling(const StudentInfo& info, const GgufMetadata& metadata, DecoderConfig* config) {
  const auto real = [&](const char* key, double absent) {
    const double value = metadata.Real(key);
    return value == 0 ? absent : value;  // as llama.cpp takes it
  };
  const std::string type = metadata.Text("rope.scaling.type");
  const double scale = real("rope.scaling.attn_factor", 1),
               factor = real("rope.scaling.factor", real("rope.scale_linear", 1));
  const int64_t before =
      metadata.Integer("rope.scaling.original_context_length", config->context_length);
  config->rope_scale = static_cast<float>(scale);
  if (type == "yarn") {
    const YarnScaling yarn{.factor = factor,
                           .context = static_cast<double>(before),
                           .fast = real("rope.scaling.yarn_beta_fast", 32),
                           .slow = real("rope.scaling.yarn_beta_slow", 1)};
    if (!yarn.Makes(config->rope_base)) {
      throw Error(fmt::format("{}: positions scaled (yarn) by {} from a context of {} with base {}",
                              info.path, factor, before, config->rope_base),
                  "the file's header is broken");
    }
    config->rope_factors = yarn.Factors(config->rope_width, config->rope_base);
    config->rope_scale = static_cast<float>(scale * yarn.Scale());
  } else if (type != "none") {
    config->rope_factor = static_cast<float>(factor);
  }
  // Phi's say nothing but have the tensors.
  const auto is_long = [](const StudentTensor& t) { return t.name == "rope_factors_long.weight"; };
  if (std::ranges::any_of(info.tensors, is_long)) config->rope_long_beyond = before;
}

DecoderConfig ReadSizes(const StudentInfo& info, const GgufMetadata& metadata) {
  DecoderConfig config;
  config.architecture = info.architecture;
  config.layers = info.layers;
  config.width = info.width;
  config.feed_forward = metadata.Integer("feed_forward_length");
  config.heads = info.heads;
  config.kv_heads = metadata.Integer("attention.head_count_kv", config.heads);
  config.head_width =
      metadata.Integer("attention.key_length", config.heads > 0 ? config.width / config.heads : 0);
  config.vocab = info.vocab;
  config.context_length = info.context_length;
  config.norm_epsilon = static_cast<float>(metadata.Real("attention.layer_norm_rms_epsilon", -1));
  config.rope_width = metadata.Integer("rope.dimension_count", config.head_width);
  config.rope_base = static_cast<float>(metadata.Real("rope.freq_base", 10000));
  ReadRopeScaling(info, metadata, &config);
  return config;
}

// The file says it layer by layer, as "all but every n-th", or not at all.
std::vector<bool> WindowedLayers(const GgufMetadata& metadata, const Family& family,
                                 int64_t layers) {
  constexpr const char* kPattern = "attention.sliding_window_pattern";
  const std::vector<int64_t> given = metadata.Integers(kPattern);
  const int64_t pattern = given.empty() || given[0] < 1 ? family.window_pattern : given[0];
  std::vector<bool> windowed;
  for (int64_t i = 0; i < layers && layers <= kMostLayers; ++i) {
    if (!metadata.IsArray(kPattern)) {
      windowed.push_back(pattern == Family::kAllLayers || i % pattern < pattern - 1);
    } else {
      windowed.push_back(i < static_cast<int64_t>(given.size()) && given[i] != 0);
    }
  }
  return windowed;
}

void ReadSwitches(const GgufMetadata& metadata, const Family& family, DecoderConfig* config) {
  const auto real = [&](const char* key, double absent) {
    return static_cast<float>(metadata.Real(key, absent));
  };
  config->rope_side_by_side = family.rope_side_by_side;
  config->rotated = RotatedLayers(family, config->layers);
  config->norm_before = family.norm_before;
  config->norm_after = family.norm_after;
  config->query_key_norm = family.query_key_norm;
  config->fused = family.fused;
  if (family.query_key_value_bias) config->query_key_value_bias = Presence::kYes;
  config->gelu = family.gemma;
  const double head_width = config->layers == family.layers_of_27b && config->heads > 0
                                ? static_cast<double>(config->width / config->heads)
                                : static_cast<double>(config->head_width);
  config->attention_scale = static_cast<float>(1 / std::sqrt(head_width));
  if (family.gemma) {
    config->embedding_scale = std::sqrt(static_cast<float>(config->width));
    config->attention_soft_cap =
        family.soft_caps[0] > 0 ? real("attn_logit_softcapping", family.soft_caps[0]) : 0;
    config->logit_soft_cap = real("final_logit_softcapping", family.soft_caps[1]);
  }
  if (family.granite_scales) {
    // 0 stands for 1, as in llama.cpp.
    const auto or_one = [](float value) { return value == 0 ? 1 : value; };
    config->embedding_scale = or_one(real("embedding_scale", 0));
    config->residual_scale = or_one(real("residual_scale", 0));
    config->logit_scale = 1 / real("logit_scale", 0);
    if (const float scale = real("attention.scale", 0); scale != 0) {
      config->attention_scale = scale;
    }
  }
  config->window = metadata.Integer("attention.sliding_window", family.window);
  if (config->window > 0) {
    config->windowed = WindowedLayers(metadata, family, config->layers);
    const bool own = family.window_rope;
    config->window_rope_base = real("rope.freq_base_swa", own ? 10000 : config->rope_base);
    config->window_rope_factor = own ? 1 : config->rope_factor;
  }
}

}  // namespace

std::optional<DecoderConfig> ReadGgufConfig(const StudentInfo& info, std::string* why_not) {
  const Family* family = FindFamily(info.architecture);
  if (family == nullptr) {
    *why_not =
        fmt::format("architecture '{}' is not among {}", Excerpt(info.architecture), FamilyNames());
    return std::nullopt;
  }
  CatchGgmlMessages();
  const MappedFile file(info.path);
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> context(
      gguf_init_from_buffer(file.bytes().data(), file.bytes().size(), {true, nullptr}), gguf_free);
  if (context == nullptr) {
    throw Error(info.path + ": has changed since it was opened", "run the command again");
  }
  const GgufMetadata metadata(context.get(), info.path, info.architecture);
  *why_not = Unsupported(metadata, *family);
  if (!why_not->empty()) return std::nullopt;
  DecoderConfig config = ReadSizes(info, metadata);
  ReadSwitches(metadata, *family, &config);
  return config;
}

}  // namespace rsr
