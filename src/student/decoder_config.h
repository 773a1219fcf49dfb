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

#include "student/gguf_file.h"

namespace rsr {

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
};

// Nothing if the decoder cannot compute this student exactly; `why_not` then says so in one clause
// ("architecture 'mamba' is not among ..."). Throws rsr::Error for a file that contradicts itself
// (no heads, sizes that do not divide).
std::optional<DecoderConfig> ReadDecoderConfig(const GgufInfo& info, std::string* why_not);

}  // namespace rsr
