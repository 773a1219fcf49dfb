// What the tiles of attention work on: a panel of 64 queries.
#pragma once

#include <cstdint>

#include "kernels/attention.h"
#include "kernels/matmul.h"

namespace rsr {

// Keys per tile: a tile of probabilities, 32 KB, and half a tile of keys stay in the first-level
// cache.
inline constexpr int64_t kKeyTile = 128;

// One SIMD lane a query and head of a KV head's group. All memory 64-byte aligned.
struct QueryPanel {
  static constexpr int64_t kLanes = PackedMatrix::kPanel;

  int64_t first = 0, last = 0;  // positions of the first and the last query
  const float* queries;         // [head_width, kLanes], scaled
  float* sums;                  // [head_width, kLanes]: of probability times value
  float* most;                  // [kLanes]: largest score so far
  float* total;                 // [kLanes]: sum of probabilities
  const int32_t* positions;     // [kLanes]
};

// Adds the keys [begin, begin + count) of one KV head to the panel; keys and values
// [count, head_width]. `scores`: scratch [kKeyTile, kLanes].
void AddKeyTile(const AttentionShape& shape, const float* keys, const float* values, int64_t begin,
                int64_t count, float* scores, const QueryPanel& panel);

}  // namespace rsr
