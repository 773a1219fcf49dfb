// The micro kernel of every float32 product: some rows of a left factor times a panel of 64
// columns.
//
// The left factor is read in place, one broadcast value a row and step, with any stride: weights
// times activations, keys times queries and values times probabilities are the same loop.

// Include guard (still compiled once per target).
#if defined(RSR_KERNELS_CPU_PANEL_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RSR_KERNELS_CPU_PANEL_PRODUCT_INL_H_
#undef RSR_KERNELS_CPU_PANEL_PRODUCT_INL_H_
#else
#define RSR_KERNELS_CPU_PANEL_PRODUCT_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"
#include "kernels/cpu/vectors-inl.h"
#include "kernels/matmul.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kPanel = PackedMatrix::kPanel;

// Accumulators in registers: 6 x 4 of AVX-512's 32, 6 x 2 of the 16 of lesser levels.
constexpr int kTileRows = 6;
constexpr int kTileVectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;

// A left factor: element (row, k) is data[row * row_stride + k * step].
struct Left {
  const float* data;
  int64_t row_stride, step;
};

// c [kRows, kTileVectors vectors of a panel's columns] = (add ? c : 0) + left * b.
template <int kRows>
HWY_INLINE void MicroTile(const Left& left, const float* HWY_RESTRICT b, int64_t depth, bool add,
                          float* HWY_RESTRICT c) {
  const Floats df;
  Vector sum[kRows][kTileVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      sum[i][j] = add ? hn::Load(df, c + i * kPanel + j * kLanes) : hn::Zero(df);
    }
  }
  for (int64_t k = 0; k < depth; ++k) {
    Vector right[kTileVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) right[j] = hn::Load(df, b + k * kPanel + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const Vector x = hn::Set(df, left.data[i * left.row_stride + k * left.step]);
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) sum[i][j] = hn::MulAdd(x, right[j], sum[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      hn::Store(sum[i][j], df, c + i * kPanel + j * kLanes);
    }
  }
}

template <int kRows>
HWY_INLINE void RowTile(const Left& left, const float* b, int64_t depth, bool add, float* c) {
  constexpr int64_t kColumns = kTileVectors * kLanes;
  for (int64_t column = 0; column < kPanel; column += kColumns) {
    MicroTile<kRows>(left, b + column, depth, add, c + column);
  }
}

// c [rows, kPanel] = (add ? c : 0) + left [rows, depth] * b [depth, kPanel]; b and c 64-byte
// aligned. One chain of multiply-adds an element: whether it is cut by `add` or not leaves no
// trace.
inline HWY_ATTR void PanelProduct(Left left, int64_t rows, const float* b, int64_t depth, bool add,
                                  float* c) {
  const auto advance = [&](int64_t count) {
    rows -= count;
    left.data += count * left.row_stride;
    c += count * kPanel;
  };
  for (; rows >= kTileRows; advance(kTileRows)) RowTile<kTileRows>(left, b, depth, add, c);
  switch (rows) {
    case 5:
      return RowTile<5>(left, b, depth, add, c);
    case 4:
      return RowTile<4>(left, b, depth, add, c);
    case 3:
      return RowTile<3>(left, b, depth, add, c);
    case 2:
      return RowTile<2>(left, b, depth, add, c);
    case 1:
      return RowTile<1>(left, b, depth, add, c);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#endif  // include guard
