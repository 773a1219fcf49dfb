#include "student/decoder_config.h"

#include <fmt/format.h>
#include <gguf.h>

#include <algorithm>
#include <cmath>
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

constexpr int64_t kMostLayers = 100000;  // far above any student

struct Family {
  const char* architecture;  // GGUF's name
  bool rope_side_by_side = false;
  int64_t no_rope_every = 0;
  bool norm_before = true, norm_after = false;
  QueryKeyNorm query_key_norm = QueryKeyNorm::kNone;
  bool gemma = false;           // GELU; embeddings times the root of the width
  int64_t window_pattern = 0;   // 0: no sliding windows
  int64_t window = 0;           // where the file does not say
  float soft_caps[2] = {0, 0};  // of attention scores and logits, where the file does not say
  // Layers of the one size (27B) whose scores are scaled by width / heads, not by a head's width.
  int64_t layers_of_27b = 0;
  bool granite_scales = false;
};

constexpr Family kFamilies[] = {
    // Llama 2 and 3, Mistral, SmolLM 1 and 2 and others of their shape.
    {.architecture = "llama", .rope_side_by_side = true},
    {.architecture = "qwen2"},  // and 2.5
    {.architecture = "qwen3", .query_key_norm = QueryKeyNorm::kHead},
    {.architecture = "smollm3", .rope_side_by_side = true, .no_rope_every = 4},
    {.architecture = "gemma2",
     .norm_after = true,
     .gemma = true,
     .window_pattern = 2,
     .window = 4096,
     .soft_caps = {50, 30},
     .layers_of_27b = 46},
    {.architecture = "gemma3",
     .norm_after = true,
     .query_key_norm = QueryKeyNorm::kHead,
     .gemma = true,
     .window_pattern = 6,
     .layers_of_27b = 62},
    {.architecture = "olmo2",
     .norm_before = false,
     .norm_after = true,
     .query_key_norm = QueryKeyNorm::kRow},
    {.architecture = "granite", .rope_side_by_side = true, .granite_scales = true},
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
std::string Unsupported(const GgufMetadata& metadata, const Family& family) {
  if (metadata.Integer("expert_count") > 0) return "it is a mixture of experts";
  const std::string scaling = metadata.Text("rope.scaling.type");
  if (!scaling.empty() && scaling != "none" && scaling != "linear") {
    return fmt::format("its positions are scaled ('{}')", scaling);
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

// Is this a tensor that the decoder uses? `name` of a layer's without "blk.N.".
bool IsLayerTensor(std::string_view name, const Family& family) {
  constexpr std::string_view kAlways[] = {"attn_q.weight",    "attn_q.bias",   "attn_k.weight",
                                          "attn_k.bias",      "attn_v.weight", "attn_v.bias",
                                          "ffn_gate.weight",  "ffn_gate.bias", "attn_output.weight",
                                          "attn_output.bias", "ffn_up.weight", "ffn_up.bias",
                                          "ffn_down.weight",  "ffn_down.bias"};
  constexpr std::string_view kBefore[] = {"attn_norm.weight", "ffn_norm.weight"};
  constexpr std::string_view kAfter[] = {"post_attention_norm.weight", "post_ffw_norm.weight"};
  constexpr std::string_view kQueryKey[] = {"attn_q_norm.weight", "attn_k_norm.weight"};
  const auto among = [&](const auto& names) {
    return std::ranges::find(names, name) != std::end(names);
  };
  return among(kAlways) || (family.norm_before && among(kBefore)) ||
         (family.norm_after && among(kAfter)) ||
         (family.query_key_norm != QueryKeyNorm::kNone && among(kQueryKey));
}

// A tensor nobody would use means another computation than ours; empty: there is none.
std::string UnknownTensor(const GgufInfo& info, const Family& family) {
  constexpr std::string_view kModel[] = {"token_embd.weight", "output_norm.weight", "output.weight",
                                         "rope_freqs.weight"};
  for (const GgufTensor& tensor : info.tensors) {
    std::string_view name = tensor.name;
    const bool in_layer = name.starts_with("blk.") && name.find('.', 4) != std::string_view::npos;
    if (in_layer) name.remove_prefix(name.find('.', 4) + 1);
    const bool known = in_layer ? IsLayerTensor(name, family)
                                : std::ranges::find(kModel, name) != std::end(kModel);
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
  if (config.layers > kMostLayers) {
    throw Error(fmt::format("{}: the number of layers is {}, expected {} at the most", path,
                            config.layers, kMostLayers),
                "the model's header is broken");
  }
  size("the number of layers", config.layers);
  size("the width", config.width);
  size("the feed-forward width", config.feed_forward);
  size("the number of heads", config.heads);
  size("the number of KV heads", config.kv_heads);
  size("the width of a head", config.head_width);
  size("the rotated width of a head", config.rope_width);
  for (const float scale : {config.embedding_scale, config.residual_scale, config.attention_scale,
                            config.logit_scale}) {
    if (std::isfinite(scale)) continue;
    throw Error(fmt::format("{}: a scale is {}", path, scale), "the model's header is broken");
  }
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

DecoderConfig ReadSizes(const GgufInfo& info, const GgufMetadata& metadata) {
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
      windowed.push_back(i % pattern < pattern - 1);
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
  config->no_rope_every = family.no_rope_every;
  config->norm_before = family.norm_before;
  config->norm_after = family.norm_after;
  config->query_key_norm = family.query_key_norm;
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
  if (family.window_pattern > 0) {
    config->window = metadata.Integer("attention.sliding_window", family.window);
    config->windowed = WindowedLayers(metadata, family, config->layers);
    // Gemma 2 has one base for all layers.
    const bool own_base = family.window == 0;
    config->window_rope_base = real("rope.freq_base_swa", own_base ? 10000 : config->rope_base);
    config->window_rope_factor = own_base ? 1 : config->rope_factor;
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
  *why_not = Unsupported(metadata, *family);
  if (!why_not->empty()) return std::nullopt;
  if (const std::string name = UnknownTensor(info, *family); !name.empty()) {
    *why_not = fmt::format("it has a tensor '{}'", name);
    return std::nullopt;
  }

  DecoderConfig config = ReadSizes(info, metadata);
  ReadSwitches(metadata, *family, &config);
  Check(config, info.path);
  return config;
}

}  // namespace rsr
