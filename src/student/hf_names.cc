#include "student/hf_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace rsr {
namespace {

// Hugging Face's names behind "model.layers.N.", and ours behind "blk.N.".
struct HfName {
  const char* hf;
  const char* name;
};
constexpr HfName kModelNames[] = {
    {"model.embed_tokens", "token_embd"}, {"model.norm", "output_norm"}, {"lm_head", "output"}};
constexpr HfName kLayerNames[] = {
    {"input_layernorm", "attn_norm"},    {"self_attn.q_proj", "attn_q"},
    {"self_attn.k_proj", "attn_k"},      {"self_attn.v_proj", "attn_v"},
    {"self_attn.qkv_proj", "attn_qkv"},  {"self_attn.q_norm", "attn_q_norm"},
    {"self_attn.k_norm", "attn_k_norm"}, {"self_attn.o_proj", "attn_output"},
    {"mlp.gate_proj", "ffn_gate"},       {"mlp.up_proj", "ffn_up"},
    {"mlp.gate_up_proj", "ffn_up"},  // as GGUF calls both together
    {"mlp.down_proj", "ffn_down"},       {"post_feedforward_layernorm", "post_ffw_norm"}};
// One name, two meanings: the second norm of a layer, or the one behind attention.
constexpr HfName kNormsBefore[] = {{"post_attention_layernorm", "ffn_norm"}};
constexpr HfName kNormsAfter[] = {{"post_attention_layernorm", "post_attention_norm"},
                                  {"pre_feedforward_layernorm", "ffn_norm"}};
constexpr std::string_view kHfLayer = "model.layers.";

template <size_t n>
const HfName* Find(const HfName (&names)[n], std::string_view stem) {
  const auto* found =
      std::find_if(names, names + n, [&](const HfName& row) { return row.hf == stem; });
  return found == names + n ? nullptr : found;
}

}  // namespace

std::optional<std::pair<int64_t, std::string_view>> SplitLayer(std::string_view name,
                                                               std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  int64_t layer = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + dot, layer);
  if (error != std::errc() || end != name.data() + dot) return std::nullopt;
  return std::pair(layer, name.substr(dot + 1));
}

std::string FromHfName(std::string_view name, const DecoderConfig& config) {
  std::string plain(name);
  for (const std::string_view prefix : {"language_model.", "model.language_model."}) {
    if (!name.starts_with(prefix)) continue;
    plain = name.substr(prefix.size());
    if (!plain.starts_with("model.") && !plain.starts_with("lm_head.")) plain = "model." + plain;
  }
  for (const std::string_view part : {"vision_tower.", "multi_modal_projector."}) {
    if (plain.starts_with(part) || plain.starts_with("model." + std::string(part))) return "";
  }
  if (plain.ends_with(".rotary_emb.inv_freq")) return "";  // follows from the configuration
  if (plain == "lm_head.weight" && config.output_matrix == Presence::kNo) return "";  // tied
  const size_t dot = plain.rfind('.');
  if (dot == std::string::npos) return plain;
  const std::string kind = plain.substr(dot), stem = plain.substr(0, dot);
  if (const auto layer = SplitLayer(plain, kHfLayer)) {
    const std::string_view part = layer->second.substr(0, layer->second.size() - kind.size());
    const HfName* found = Find(kLayerNames, part);
    if (found == nullptr) {
      found = config.norm_after ? Find(kNormsAfter, part) : Find(kNormsBefore, part);
    }
    return found == nullptr ? plain : fmt::format("blk.{}.{}{}", layer->first, found->name, kind);
  }
  const HfName* found = Find(kModelNames, stem);
  return found == nullptr ? plain : found->name + kind;
}

std::string ToHfName(std::string_view name, const DecoderConfig& config) {
  const size_t dot = name.rfind('.');
  const std::string kind(name.substr(dot));
  const auto find = [&](const auto& names, std::string_view stem) -> const char* {
    for (const HfName& row : names) {
      if (row.name == stem) return row.hf;
    }
    return nullptr;
  };
  if (const auto layer = SplitLayer(name)) {
    std::string_view part = layer->second.substr(0, layer->second.size() - kind.size());
    if (config.fused && (part == "attn_q" || part == "attn_k" || part == "attn_v")) {
      part = "attn_qkv";
    }
    const char* hf = find(kLayerNames, part);
    if (config.fused && (part == "ffn_gate" || part == "ffn_up")) hf = "mlp.gate_up_proj";
    if (hf == nullptr) {
      hf = config.norm_after ? find(kNormsAfter, part) : find(kNormsBefore, part);
    }
    return fmt::format("{}{}.{}{}", kHfLayer, layer->first, hf == nullptr ? part : hf, kind);
  }
  const char* hf = find(kModelNames, name.substr(0, dot));
  return hf == nullptr ? std::string(name) : hf + kind;
}

}  // namespace rsr
