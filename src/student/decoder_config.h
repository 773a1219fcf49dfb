// What a decoder needs to know of a student besides its weights: sizes, and the few switches in
// which families differ.
//
// A family is a line of the table in family.cc; gguf_decoder_config.cc and hf_decoder_config.cc
// read what a file says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "student/student_info.h"

namespace rsr {

// What the norms of queries and keys take together.
enum class QueryKeyNorm { kNone, kHead, kRow };

// Of a tensor: GGUF files often show by a tensor alone what config.json says.
enum class Presence { kMaybe, kNo, kYes };

struct DecoderConfig {
  std::string architecture;
  int64_t layers = 0, width = 0, feed_forward = 0;
  int64_t heads = 0, kv_heads = 0, head_width = 0;
  int64_t vocab = 0, context_length = 0;
  float norm_epsilon = 0;
  int64_t rope_width = 0;  // values of a head that are turned
  float rope_base = 0;
  float rope_factor = 1;  // frequencies are divided by it ("linear" scaling)
  // [rope_width / 2] that they are divided by (rope_scaling.h, "longrope"); empty: those of the
  // tensor rope_freqs.weight, where there is one, or rope_factors_short.weight.
  std::vector<float> rope_factors;
  // Of rows of more than so many tokens ("longrope"; 0: of none); empty: rope_factors_long.weight.
  int64_t rope_long_beyond = 0;
  std::vector<float> rope_long_factors;
  float rope_scale = 1;  // of cosines and sines
  // Pairs lie side by side in the file (ggml's "norm" order), not half a head apart.
  bool rope_side_by_side = false;
  std::vector<bool> rotated;  // [layers]: does it turn queries and keys? Empty: all do

  bool norm_before = true;      // of attention and feed-forward
  bool norm_after = false;      // of what they add to the residual stream
  bool norms_less_one = false;  // as the file has their weights (Gemma's in Hugging Face's form)
  QueryKeyNorm query_key_norm = QueryKeyNorm::kNone;
  bool fused = false;  // one tensor for queries, keys and values, one for gate and up
  Presence query_key_value_bias = Presence::kMaybe, attention_output_bias = Presence::kMaybe;
  Presence feed_forward_bias = Presence::kMaybe;
  Presence output_matrix = Presence::kMaybe;  // no: the embedding
  bool gelu = false;                          // gate with GELU (tanh form), not SiLU

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
  bool Rotated(int64_t layer) const { return rotated.empty() || rotated[layer]; }
};

// Nothing if the decoder cannot compute this student exactly; `why_not` then says so in one clause
// ("architecture 'mamba' is not among ..."). Throws rsr::Error for a student that contradicts
// itself (no heads, sizes that do not divide). Its tensors are checked by DecoderTensors().
std::optional<DecoderConfig> ReadDecoderConfig(const StudentInfo& student, std::string* why_not);

// What the file itself says, one reader a format; ReadDecoderConfig checks it.
std::optional<DecoderConfig> ReadGgufConfig(const StudentInfo& student, std::string* why_not);
std::optional<DecoderConfig> ReadHfConfig(const StudentInfo& student, std::string* why_not);

}  // namespace rsr
