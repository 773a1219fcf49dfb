// What a decoder needs to know of a student besides its weights: sizes, and the few switches in
// which families differ.
//
// A family is a line of the table in decoder_config.cc. What its tensors show by being there
// (biases, norms of queries and keys, norms after attention and feed-forward, an output matrix of
// its own) is no switch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "student/gguf_file.h"

namespace rsr {

// What the norms of queries and keys take together.
enum class QueryKeyNorm { kNone, kHead, kRow };

struct DecoderConfig {
  std::string architecture;
  int64_t layers = 0, width = 0, feed_forward = 0;
  int64_t heads = 0, kv_heads = 0, head_width = 0;
  int64_t vocab = 0, context_length = 0;
  float norm_epsilon = 0;
  int64_t rope_width = 0;  // values of a head that are turned
  float rope_base = 0;
  float rope_factor = 1;  // frequencies are divided by it ("linear" scaling)
  // Pairs lie side by side in the file (ggml's "norm" order), not half a head apart.
  bool rope_side_by_side = false;
  int64_t no_rope_every = 0;  // every n-th layer turns nothing (SmolLM 3); 0: all turn

  bool norm_before = true;  // of attention and feed-forward
  bool norm_after = false;  // of what they add to the residual stream
  QueryKeyNorm query_key_norm = QueryKeyNorm::kNone;
  bool gelu = false;  // gate with GELU (tanh form), not SiLU

  float embedding_scale = 1, residual_scale = 1;
  float attention_scale = 0;     // of q k^T
  float attention_soft_cap = 0;  // 0: none
  float logit_scale = 1, logit_soft_cap = 0;

  // Sliding windows: some layers see `window` positions only, with a base and a factor of their
  // own.
  int64_t window = 0;          // 0: no layer has one
  std::vector<bool> windowed;  // [layers] if window > 0
  float window_rope_base = 0, window_rope_factor = 1;

  bool Windowed(int64_t layer) const { return window > 0 && windowed[layer]; }
  bool Rotated(int64_t layer) const {
    return no_rope_every == 0 || (layer + 1) % no_rope_every != 0;
  }
};

// Nothing if the decoder cannot compute this student exactly; `why_not` then says so in one clause
// ("architecture 'mamba' is not among ..."). Throws rsr::Error for a file that contradicts itself
// (no heads, sizes that do not divide).
std::optional<DecoderConfig> ReadDecoderConfig(const GgufInfo& info, std::string* why_not);

}  // namespace rsr
