// A layer's weights as the decoder uses them.
#pragma once

#include <vector>

#include "kernels/matmul.h"

namespace rsr {

// y = x W^T + bias.
struct Linear {
  PackedMatrix weights;
  std::vector<float> bias;  // empty: none

  const float* bias_or_null() const { return bias.empty() ? nullptr : bias.data(); }
};

// Norms that a family does not have are empty.
struct NativeLayer {
  std::vector<float> attention_norm, feed_forward_norm;            // [width]
  std::vector<float> attention_post_norm, feed_forward_post_norm;  // [width]
  std::vector<float> query_norm, key_norm;                         // [head_width], or of all heads
  Linear query;                                                    // [heads * head_width, width]
  Linear key_value;         // [2 * kv_heads * head_width, width]: all keys, then all values
  Linear attention_output;  // [width, heads * head_width]
  Linear gate, up;          // [feed_forward, width]
  Linear down;              // [width, feed_forward]
};

}  // namespace rsr
