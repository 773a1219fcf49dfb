// The families of decoders, as data: what they do not share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "student/decoder_config.h"

namespace rsr {

struct Family {
  const char* architecture;        // GGUF's name
  bool rope_side_by_side = false;  // in GGUF files; Hugging Face's are never
  int64_t no_rope_every = 0;       // every n-th layer turns nothing
  bool norm_before = true, norm_after = false;
  QueryKeyNorm query_key_norm = QueryKeyNorm::kNone;
  bool fused = false;  // queries, keys and values in one tensor, gate and up in another
  bool query_key_value_bias = false;
  bool gemma = false;  // GELU; embeddings times the root of the width
  // Layers with a sliding window: all but every n-th; 0: a GGUF file cannot have any.
  static constexpr int64_t kAllLayers = -1;
  int64_t window_pattern = 0;
  int64_t window = 0;           // where a GGUF file does not say
  bool window_rope = false;     // such layers turn with a base of their own, unscaled
  float soft_caps[2] = {0, 0};  // of attention scores and logits, where a GGUF file does not say
  // Layers of the one size (27B) whose scores are scaled by width / heads, not by a head's width.
  int64_t layers_of_27b = 0;
  bool granite_scales = false;
};

constexpr int64_t kMostLayers = 100000;  // far above any student

// [layers] which turn their queries and keys; empty: all.
std::vector<bool> RotatedLayers(const Family& family, int64_t layers);

const Family* FindFamily(const std::string& architecture);  // null: no such family
std::string FamilyNames();                                  // "llama, qwen2, ..."

// A Hugging Face model_type.
struct HfFamily {
  // When `sliding_window` counts. Of the layers `layer_types` says which; else all, or those the
  // Family says (kIfGiven), or those from `max_window_layers` on (kIfUsed).
  enum class Window { kNever, kIfGiven, kIfUsed };

  const char* model_type;
  const char* architecture;  // its Family
  Window window;
  // What transformers' configuration class takes for keys that config.json leaves out, as far as
  // they differ from kHfDefaults.
  const char* defaults;
};

extern const char* const kHfDefaults;  // JSON object

const HfFamily* FindHfFamily(const std::string& model_type);
std::string HfFamilyNames();

}  // namespace rsr
