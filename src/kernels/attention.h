// Causal attention of grouped heads: softmax(scale * q k^T) v over the positions up to the query's
// own.
//
// Tiles of keys pass by once, with a running maximum and sum for each query ("online softmax"): no
// score matrix is kept. The query heads of one KV head are stacked, so that each tile of keys and
// values is used once for all of them. Tiles after the last query, or before a sliding window, are
// never touched.
//
// Rounding rule: float32. With `bf16` keys and values are rounded to bf16 (kernels/bf16.h) once,
// when they are kept, scaled queries and probabilities on their way into the two products, the
// latter before they are summed; scores, exponentials and sums stay float32. A query's bits depend
// on its own row, the keys and values before it and the level alone: tiles begin at multiples of a
// fixed number of positions of its own sequence, and what a mask hides adds exact zeros.
#pragma once

#include <cstdint>
#include <memory>

namespace rsr {

struct AttentionShape {
  int64_t heads = 0, kv_heads = 0, head_width = 0;
  float scale = 0;     // of the products; usually 1 / sqrt(head_width)
  int64_t window = 0;  // a query sees this many positions, itself included; 0: all before it
  float soft_cap = 0;  // 0: none, else scores are soft_cap * tanh(score / soft_cap)
  bool bf16 = false;   // products in bf16
};

// Memory for the keys and values of one sequence, as Attention::Keep writes them: both
// [kv_heads, KeptWords(positions)] with `head_stride` words of 32 bits from one head to the next.
struct KeysAndValues {
  void *keys, *values;
  int64_t head_stride;
};

// Threading: one thread at a time per object, and no other thread is used. Scratch memory: some
// hundred kB, whatever the lengths.
class Attention {
 public:
  virtual ~Attention() = default;
  // Words of 32 bits that the keys of so many positions take, of one KV head; and their values.
  virtual int64_t KeptWords(int64_t positions) const = 0;
  // Keeps keys and values [kv_heads, head_width] of a position, rounded once for all queries. The
  // positions before it are there.
  virtual void Keep(const float* keys, const float* values, int64_t position,
                    const KeysAndValues& kept) = 0;
  // Queries of the positions [first, first + count), q and out [count, heads, head_width]; they may
  // be the same memory. The positions [0, first + count) are kept.
  virtual void Run(const float* q, int64_t first, int64_t count, const KeysAndValues& kept,
                   float* out) = 0;
};

// Throws rsr::Error (kInternal) if the heads are not a multiple of the KV heads.
std::unique_ptr<Attention> NewAttention(const AttentionShape& shape);

// The slow, obvious twin: one query at a time, in double, nothing rounded. For tests.
std::unique_ptr<Attention> NewReferenceAttention(const AttentionShape& shape);

}  // namespace rsr
