// What the tiles of attention work on: a panel of 64 queries, a tile of 128 keys.
//
// In bf16, `queries` and a tile's keys and values are words of two values (Bf16Pair): neighbours
// along head_width, and values of two neighbouring keys; else floats.
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
  void* queries;                // [head_width or half of it, kLanes], times the scale and log2(e)
  float* sums;                  // [head_width, kLanes]: of probability times value
  float* most;                  // [kLanes]: largest score so far, as an exponent of 2
  float* total;                 // [kLanes]: sum of probabilities
  const int32_t* positions;     // [kLanes]
};

// Of one KV head.
struct KeyTile {
  int64_t begin, count;  // positions
  const void* keys;      // [count, head_width or half of it]
  const void* values;    // [count or half of it, head_width]
};

// Words of a row of head_width values, rounded up.
inline int64_t KeyWords(const AttentionShape& shape) {
  return shape.bf16 ? (shape.head_width + 1) / 2 : shape.head_width;
}

// Lanes [0, count) of a panel's queries out of `rows` [head_width] each; the other lanes become 0.
// `scratch`: [head_width, kLanes].
void LoadQueries(const AttentionShape& shape, const float* const* rows, int64_t count,
                 float* scratch, void* queries);
// The lanes' attended values, sums / total, into `rows` [head_width] each.
void StoreSums(const AttentionShape& shape, const QueryPanel& panel, int64_t count,
               float* const* rows);

// Attention::Keep.
void KeepPosition(const AttentionShape& shape, const float* keys, const float* values,
                  int64_t position, const KeysAndValues& kept);

// Adds the first `count` keys of a tile to the panel. `scores`: scratch [kKeyTile, kLanes].
void AddKeyTile(const AttentionShape& shape, const KeyTile& tile, int64_t count, float* scores,
                const QueryPanel& panel);

}  // namespace rsr
