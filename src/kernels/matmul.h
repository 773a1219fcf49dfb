// Products of activations with a student's weights, y = x W^T, and the gated half of a feed-forward
// layer, h = act(x G^T) * (x U^T).
//
// Rounding rule: every element is one chain of float32 multiply-adds over `depth`, in ascending
// order (fused at the levels that have it); bias, scale and the sum into y follow it. Weights in
// bf16 are rounded when they are packed and x on its way in (kernels/bf16.h); their products are
// exact, and the chain is the same: the bits are those of the float32 product of the rounded
// factors, whether the processor multiplies bf16 or not. A row's bits depend on that row, the
// weights and the level alone: not on the other rows, nor on how many there are.
//
// Our own micro kernel and not oneDNN's: oneDNN chooses its blocking, and with it the order of a
// sum, by the number of rows. It is no slower: Zen 5, one core, shapes of SmolLM2-135M, 96 rows:
// 255 to 259 GFLOP/s, oneDNN 3.2 with packed weights 250 to 258; depth 1536, 768 rows: 248 and 240.
#pragma once

#include <cstdint>
#include <memory>

#include "hwy/aligned_allocator.h"

namespace rsr {

enum class WeightType { kF32, kBf16 };

// Whether products in bf16 are faster than in float32 here: about twice as fast on AMD since Zen 4
// (Zen 5: 470 to 510 GFLOP/s against 240 to 270); half as fast on Sapphire Rapids without its AMX
// tiles, which are not used; slower wherever pairs must be widened.
bool Bf16IsFaster();

// Weights W [columns, depth] in panels [depth, kPanel] of kPanel output columns; in bf16 two values
// of depth are one word. Packed once, then shared by all threads.
class PackedMatrix {
 public:
  static constexpr int64_t kPanel = 64;

  PackedMatrix() = default;
  // Throws std::bad_alloc.
  PackedMatrix(int64_t columns, int64_t depth, WeightType type = WeightType::kF32);
  // Rows [first, first + count) of W out of `rows` [count, depth]. Different rows may be packed
  // from different threads at once.
  void Pack(int64_t first, int64_t count, const float* rows);

  int64_t columns() const { return columns_; }
  int64_t depth() const { return depth_; }
  WeightType type() const { return type_; }
  // Words of 32 bits that hold the depth of a column.
  int64_t words() const { return type_ == WeightType::kF32 ? depth_ : (depth_ + 1) / 2; }
  int64_t panels() const { return (columns_ + kPanel - 1) / kPanel; }
  // What such a matrix takes.
  static int64_t Bytes(int64_t columns, int64_t depth, WeightType type) {
    const int64_t words = type == WeightType::kF32 ? depth : (depth + 1) / 2;
    return (columns + kPanel - 1) / kPanel * kPanel * words * int64_t{sizeof(float)};
  }
  // [words, kPanel], the one of the matrix's type: in float32, or as Bf16Pair.
  const float* panel(int64_t index) const { return floats_.get() + index * kPanel * words(); }
  const uint32_t* bf16_panel(int64_t index) const {
    return pairs_.get() + index * kPanel * words();
  }

 private:
  int64_t columns_ = 0, depth_ = 0;
  WeightType type_ = WeightType::kF32;
  hwy::AlignedFreeUniquePtr<float[]> floats_;
  hwy::AlignedFreeUniquePtr<uint32_t[]> pairs_;
};

struct MatMulOptions {
  const float* bias = nullptr;  // [columns], or null
  float scale = 1;              // of the product, after the bias
  bool add = false;             // y += instead of y =
};

// x [rows, depth], y [rows, columns], both row-major. Runs on the calling thread alone.
void MatMul(const float* x, int64_t rows, const PackedMatrix& weights, float* y,
            const MatMulOptions& options = {});

enum class Activation { kSilu, kGeluTanh };

struct GatedOptions {
  Activation activation = Activation::kSilu;  // kGeluTanh: the tanh approximation
  const float* gate_bias = nullptr;           // [columns], or null
  const float* up_bias = nullptr;
};

// h [rows, columns]; gate and up have the same shape.
void GatedMatMul(const float* x, int64_t rows, const PackedMatrix& gate, const PackedMatrix& up,
                 float* h, const GatedOptions& options = {});

// The slow, obvious twins, in double; the weights as they are stored [columns, depth], and rounded
// as x is where `type` is bf16. For tests.
void ReferenceMatMul(const float* x, int64_t rows, const float* weights, int64_t columns,
                     int64_t depth, double* y, const MatMulOptions& options = {},
                     WeightType type = WeightType::kF32);
void ReferenceGatedMatMul(const float* x, int64_t rows, const float* gate, const float* up,
                          int64_t columns, int64_t depth, double* h,
                          const GatedOptions& options = {}, WeightType type = WeightType::kF32);

}  // namespace rsr
