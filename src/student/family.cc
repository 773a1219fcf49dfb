#include "student/family.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace rsr {
namespace {

constexpr Family kFamilies[] = {
    // Llama 2 and 3, Mistral, SmolLM 1 and 2 and others of their shape.
    {.architecture = "llama", .rope_side_by_side = true, .window_pattern = Family::kAllLayers},
    {.architecture = "qwen2", .query_key_value_bias = true},  // and 2.5
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
     .window_rope = true,
     .layers_of_27b = 62},
    {.architecture = "phi3", .fused = true, .window_pattern = Family::kAllLayers},
    {.architecture = "olmo2",
     .norm_before = false,
     .norm_after = true,
     .query_key_norm = QueryKeyNorm::kRow},
    {.architecture = "granite", .rope_side_by_side = true, .granite_scales = true},
};

using Window = HfFamily::Window;

constexpr HfFamily kHfFamilies[] = {
    {"llama", "llama", Window::kNever, "{}"},
    {"mistral", "llama", Window::kIfGiven,
     R"({"num_key_value_heads": 8, "sliding_window": 4096, "max_position_embeddings": 131072})"},
    {"qwen2", "qwen2", Window::kIfUsed, R"({"max_position_embeddings": 32768})"},
    {"qwen3", "qwen3", Window::kIfUsed, R"({"head_dim": 128, "max_position_embeddings": 32768})"},
    {"smollm3", "smollm3", Window::kIfUsed,
     R"({"num_key_value_heads": 4, "rope_theta": 2e6, "max_position_embeddings": 32768,
         "tie_word_embeddings": true})"},
    {"gemma2", "gemma2", Window::kIfGiven,
     R"({"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
         "query_pre_attn_scalar": 256, "sliding_window": 4096, "max_position_embeddings": 8192,
         "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0,
         "tie_word_embeddings": true})"},
    {"gemma3_text", "gemma3", Window::kIfGiven,
     R"({"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
         "query_pre_attn_scalar": 256, "sliding_window": 4096, "max_position_embeddings": 131072,
         "rope_theta": 1e6, "rope_local_base_freq": 1e4, "vocab_size": 262208,
         "tie_word_embeddings": true})"},
    {"phi3", "phi3", Window::kIfGiven,
     R"({"rms_norm_eps": 1e-5, "max_position_embeddings": 4096})"},
    {"olmo2", "olmo2", Window::kNever, R"({"rms_norm_eps": 1e-5})"},
    {"granite", "granite", Window::kNever,
     R"({"embedding_multiplier": 1.0, "residual_multiplier": 1.0, "attention_multiplier": 1.0,
         "logits_scaling": 1.0})"},
};

template <typename Row, size_t n>
std::string Join(const Row (&rows)[n], const char* Row::*name) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.*name);
  return fmt::format("{}", fmt::join(names, ", "));
}

template <typename Row, size_t n>
const Row* Find(const Row (&rows)[n], const char* Row::*name, const std::string& wanted) {
  const Row* found =
      std::find_if(rows, rows + n, [&](const Row& row) { return row.*name == wanted; });
  return found == rows + n ? nullptr : found;
}

}  // namespace

// transformers 5.6.
const char* const kHfDefaults =
    R"({"rms_norm_eps": 1e-6, "rope_theta": 1e4, "max_position_embeddings": 2048,
        "tie_word_embeddings": false, "attention_bias": false, "mlp_bias": false,
        "use_sliding_window": false, "max_window_layers": 28})";

std::vector<bool> RotatedLayers(const Family& family, int64_t layers) {
  std::vector<bool> rotated;
  if (family.no_rope_every == 0) return rotated;
  for (int64_t i = 0; i < layers && layers <= kMostLayers; ++i) {
    rotated.push_back((i + 1) % family.no_rope_every != 0);
  }
  return rotated;
}

const Family* FindFamily(const std::string& architecture) {
  return Find(kFamilies, &Family::architecture, architecture);
}
std::string FamilyNames() { return Join(kFamilies, &Family::architecture); }

const HfFamily* FindHfFamily(const std::string& model_type) {
  return Find(kHfFamilies, &HfFamily::model_type, model_type);
}
std::string HfFamilyNames() { return Join(kHfFamilies, &HfFamily::model_type); }

}  // namespace rsr
