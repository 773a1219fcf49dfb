// Products of activations with a student's weights, y = x W^T, and the gated half of a feed-forward
// layer, h = act(x G^T) * (x U^T).
//
// Rounding rule: every element is one chain of float32 multiply-adds over `depth`, in ascending
// order (fused at the levels that have it); bias, scale and the sum into y follow it. A row's bits
// depend on that row, the weights and the level alone: not on the other rows, nor on how many there
// are.
//
// Our own micro kernel and not oneDNN's: oneDNN chooses its blocking, and with it the order of a
// sum, by the number of rows. It is no slower: Zen 5, one core, shapes of SmolLM2-135M, 96 rows:
// 255 to 259 GFLOP/s, oneDNN 3.2 with packed weights 250 to 258; depth 1536, 768 rows: 248 and 240.
#pragma once

#include <cstdint>
#include <memory>

#include "hwy/aligned_allocator.h"

namespace rsr {

// Weights W [columns, depth] in float32, in panels [depth, kPanel] of kPanel output columns. Packed
// once, then shared by all threads.
class PackedMatrix {
 public:
  static constexpr int64_t kPanel = 64;

  PackedMatrix() = default;
  PackedMatrix(int64_t columns, int64_t depth);  // throws std::bad_alloc
  // Rows [first, first + count) of W out of `rows` [count, depth]. Different rows may be packed
  // from different threads at once.
  void Pack(int64_t first, int64_t count, const float* rows);

  int64_t columns() const { return columns_; }
  int64_t depth() const { return depth_; }
  int64_t panels() const { return (columns_ + kPanel - 1) / kPanel; }
  int64_t bytes() const { return panels() * kPanel * depth_ * int64_t{sizeof(float)}; }
  const float* panel(int64_t index) const { return data_.get() + index * kPanel * depth_; }

 private:
  int64_t columns_ = 0, depth_ = 0;
  hwy::AlignedFreeUniquePtr<float[]> data_;
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

// The slow, obvious twins, in double; the weights as they are stored [columns, depth]. For tests.
void ReferenceMatMul(const float* x, int64_t rows, const float* weights, int64_t columns,
                     int64_t depth, double* y, const MatMulOptions& options = {});
void ReferenceGatedMatMul(const float* x, int64_t rows, const float* gate, const float* up,
                          int64_t columns, int64_t depth, double* h,
                          const GatedOptions& options = {});

}  // namespace rsr
