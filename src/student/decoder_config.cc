#include "student/decoder_config.h"

#include <fmt/format.h>
#include <gguf.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "rsr/error.h"
#include "student/ggml_log.h"
#include "student/gguf_metadata.h"

namespace rsr {
namespace {

struct Family {
  const char* architecture;  // GGUF's name
  bool rope_side_by_side;
};

constexpr Family kFamilies[] = {
    {"llama", true},  // Llama 2 and 3, Mistral, SmolLM 1 and 2 and others of their shape
};

const Family* FindFamily(const std::string& architecture) {
  const auto* found =
      std::find_if(std::begin(kFamilies), std::end(kFamilies),
                   [&](const Family& family) { return family.architecture == architecture; });
  return found == std::end(kFamilies) ? nullptr : found;
}

std::string FamilyNames() {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) names.push_back(family.architecture);
  return fmt::format("{}", fmt::join(names, ", "));
}

// What changes the computation and is not implemented; empty: nothing.
std::string Unsupported(const GgufMetadata& metadata) {
  if (metadata.Integer("expert_count") > 0) return "it is a mixture of experts";
  const std::string scaling = metadata.Text("rope.scaling.type");
  if (!scaling.empty() && scaling != "none" && scaling != "linear") {
    return fmt::format("its positions are scaled ('{}')", scaling);
  }
  for (const char* key :
       {"attention.head_count", "attention.head_count_kv", "feed_forward_length"}) {
    if (metadata.Integers(key).size() > 1) return fmt::format("its {} differs by layer", key);
  }
  if (metadata.Integer("attention.key_length", -1) !=
      metadata.Integer("attention.value_length", -1)) {
    return "its keys and values differ in width";
  }
  return "";
}

// Tensors that the decoder uses; those of a layer without "blk.N.".
constexpr std::string_view kModelTensors[] = {"token_embd.weight", "output_norm.weight",
                                              "output.weight", "rope_freqs.weight"};
constexpr std::string_view kLayerTensors[] = {
    "attn_norm.weight", "attn_q.weight",   "attn_q.bias",     "attn_k.weight",
    "attn_k.bias",      "attn_v.weight",   "attn_v.bias",     "attn_output.weight",
    "attn_output.bias", "ffn_norm.weight", "ffn_gate.weight", "ffn_gate.bias",
    "ffn_up.weight",    "ffn_up.bias",     "ffn_down.weight", "ffn_down.bias"};

// A tensor nobody would use means another computation than ours; empty: there is none.
std::string UnknownTensor(const GgufInfo& info) {
  for (const GgufTensor& tensor : info.tensors) {
    std::string_view name = tensor.name;
    const bool in_layer = name.starts_with("blk.") && name.find('.', 4) != std::string_view::npos;
    if (in_layer) name.remove_prefix(name.find('.', 4) + 1);
    const bool known = in_layer ? std::ranges::find(kLayerTensors, name) != std::end(kLayerTensors)
                                : std::ranges::find(kModelTensors, name) != std::end(kModelTensors);
    if (!known) return tensor.name;
  }
  return "";
}

void Check(const DecoderConfig& config, const std::string& path) {
  constexpr int64_t kMost = int64_t{1} << 24;  // far above any student; products stay below 2^63
  const auto size = [&](const char* name, int64_t value) {
    if (value >= 1 && value <= kMost) return;
    throw Error(fmt::format("{}: {} is {}, expected 1 to {}", path, name, value, kMost),
                "the model's header is broken");
  };
  size("the number of layers", config.layers);
  size("the width", config.width);
  size("the feed-forward width", config.feed_forward);
  size("the number of heads", config.heads);
  size("the number of KV heads", config.kv_heads);
  size("the width of a head", config.head_width);
  size("the rotated width of a head", config.rope_width);
  if (config.heads % config.kv_heads != 0 || config.rope_width > config.head_width ||
      config.rope_width % 2 != 0 || !(config.rope_base > 0) || !(config.rope_factor > 0) ||
      !(config.norm_epsilon >= 0)) {
    throw Error(
        fmt::format("{}: {} heads over {} KV heads of {} values, {} of them rotated with "
                    "base {} and factor {}, norm epsilon {}",
                    path, config.heads, config.kv_heads, config.head_width, config.rope_width,
                    config.rope_base, config.rope_factor, config.norm_epsilon),
        "the model's header contradicts itself");
  }
}

}  // namespace

std::optional<DecoderConfig> ReadDecoderConfig(const GgufInfo& info, std::string* why_not) {
  const Family* family = FindFamily(info.architecture);
  if (family == nullptr) {
    *why_not = fmt::format("architecture '{}' is not among {}", info.architecture, FamilyNames());
    return std::nullopt;
  }
  CatchGgmlMessages();
  const MappedFile file(info.path);
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> context(
      gguf_init_from_buffer(file.bytes().data(), file.bytes().size(), {true, nullptr}), gguf_free);
  if (context == nullptr) {
    throw Error(info.path + ": has changed since it was opened", "run the command again");
  }
  const GgufMetadata metadata(context.get(), info.architecture);
  *why_not = Unsupported(metadata);
  if (!why_not->empty()) return std::nullopt;
  if (const std::string name = UnknownTensor(info); !name.empty()) {
    *why_not = fmt::format("it has a tensor '{}'", name);
    return std::nullopt;
  }

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
  if (metadata.Text("rope.scaling.type") != "none") {
    const double factor = metadata.Real("rope.scaling.factor", metadata.Real("rope.scale_linear"));
    if (factor != 0) config.rope_factor = static_cast<float>(factor);  // 0: as llama.cpp, none
  }
  config.rope_side_by_side = family->rope_side_by_side;
  Check(config, info.path);
  return config;
}

}  // namespace rsr
