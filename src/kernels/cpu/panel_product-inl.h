// The micro kernel of every product: some rows of a left factor times a panel of 64 columns, in
// float32 or in pairs of bf16.
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

#include <algorithm>
#include <array>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/cpu/bf16-inl.h"
#include "kernels/cpu/cpu_level.h"
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

// What the factors are made of, and a step of the chains of multiply-adds.
struct Float32 {
  using Word = float;
  static HWY_INLINE Vector Broadcast(Word x) { return hn::Set(Floats(), x); }
  static HWY_INLINE Vector Load(const Word* p) { return hn::Load(Floats(), p); }
  static HWY_INLINE Vector MulAdd(Vector x, Vector right, Vector sum) {
    return hn::MulAdd(x, right, sum);
  }
};

// Two steps of depth at once (Bf16Pair), in float32: what a processor without bf16 products does.
struct Bf16Widened {
  using Word = uint32_t;
  static HWY_INLINE Vector Broadcast(Word x) { return hn::BitCast(Floats(), hn::Set(Words(), x)); }
  static HWY_INLINE Vector Load(const Word* p) {
    return hn::BitCast(Floats(), hn::Load(Words(), p));
  }
  static HWY_INLINE Vector First(Vector pairs) { return hn::And(pairs, Broadcast(0xFFFF0000u)); }
  static HWY_INLINE Vector Second(Vector pairs) {
    return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::BitCast(Words(), pairs)));
  }
  static HWY_INLINE Vector MulAdd(Vector x, Vector right, Vector sum) {
    sum = hn::MulAdd(First(x), First(right), sum);
    return hn::MulAdd(Second(x), Second(right), sum);
  }
  static HWY_INLINE hn::Vec<Words> Pairs(Vector first, Vector second) {
    return Bf16Pairs(first, second);
  }
  static HWY_INLINE hn::Vec<Words> Neighbours(Vector a, Vector b) { return Bf16Neighbours(a, b); }
};

#if HWY_TARGET == HWY_AVX3
// The same with the processor's own instructions, which this Highway does not have (1.0; as
// assembly because a function with one more target attribute could not be inlined into the micro
// kernel). What rounds to 0 keeps its sign here: no sum that begins at 0 shows it.
struct Bf16Native : Bf16Widened {
  static HWY_INLINE Vector MulAdd(Vector x, Vector right, Vector sum) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(x.raw), "v"(right.raw));
    return sum;
  }
  static HWY_INLINE hn::Vec<Words> Pairs(Vector first, Vector second) {
    static constexpr std::array<uint16_t, 32> kInterleaved = [] {
      std::array<uint16_t, 32> order{};
      for (uint16_t i = 0; i < 32; ++i) order[i] = i / 2 + i % 2 * 16;
      return order;
    }();
    auto pairs = Round(second, first);
    asm("vpermw %1, %2, %0"
        : "=v"(pairs.raw)
        : "v"(pairs.raw),
          "v"(hn::LoadU(hn::Repartition<uint16_t, Words>(), kInterleaved.data()).raw));
    return pairs;
  }
  static HWY_INLINE hn::Vec<Words> Neighbours(Vector a, Vector b) {
    return hn::RotateRight<16>(Round(a, b));  // the processor's first value is the lower half
  }

 private:
  // The values of a in bf16, then those of b.
  static HWY_INLINE hn::Vec<Words> Round(Vector a, Vector b) {
    hn::Vec<Words> rounded;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(rounded.raw) : "v"(a.raw), "v"(b.raw));
    return rounded;
  }
};
#endif

// run(type) for this processor's products in float32 or bf16.
template <class Run>
void WithType(bool bf16, const Run& run) {
  if (!bf16) return run(Float32());
#if HWY_TARGET == HWY_AVX3
  if (HasBf16Products()) return run(Bf16Native());
#endif
  run(Bf16Widened());
}

// values [count] -> pairs [(count + 1) / 2], one after the other; a missing last one is 0.
template <class Type>
HWY_ATTR void PackBf16(const float* values, int64_t count, uint32_t* pairs) {
  const Floats df;
  int64_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    hn::StoreU(Type::Neighbours(hn::LoadU(df, values + i), hn::LoadU(df, values + i + kLanes)),
               Words(), pairs + i / 2);
  }
  for (; i < count; i += 2) {
    pairs[i / 2] = Bf16Pair(values[i], i + 1 < count ? values[i + 1] : 0);
  }
}

// A left factor: word (row, k) is data[row * row_stride + k * step].
template <class Word>
struct Left {
  const Word* data;
  int64_t row_stride, step;
};

// Steps of depth between two lines fetched ahead: 16 tiles of rows fetch a whole right factor, so
// that a block of 128 rows has the next one in the second-level cache in time.
constexpr int64_t kStepsALine = 4;
constexpr int64_t kLineWords = 16;

// c [kRows, kTileVectors vectors of a panel's columns] = (add ? c : 0) + left * b. With kFetch,
// depth / kStepsALine lines at `ahead` are fetched meanwhile.
template <class Type, int kRows, bool kFetch>
HWY_INLINE void MicroTile(const Left<typename Type::Word>& left,
                          const typename Type::Word* HWY_RESTRICT b, int64_t depth, bool add,
                          float* HWY_RESTRICT c, const typename Type::Word* ahead) {
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
    if (kFetch && k % kStepsALine == 0) {
      __builtin_prefetch(ahead + k / kStepsALine * kLineWords, 0, /*second-level cache*/ 2);
    }
    Vector right[kTileVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) right[j] = Type::Load(b + k * kPanel + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const Vector x = Type::Broadcast(left.data[i * left.row_stride + k * left.step]);
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) sum[i][j] = Type::MulAdd(x, right[j], sum[i][j]);
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

template <class Type, int kRows, bool kFetch>
HWY_INLINE void RowTile(const Left<typename Type::Word>& left, const typename Type::Word* b,
                        int64_t depth, bool add, float* c, const typename Type::Word* ahead) {
  constexpr int64_t kColumns = kTileVectors * kLanes;
  MicroTile<Type, kRows, kFetch>(left, b, depth, add, c, ahead);
  for (int64_t column = kColumns; column < kPanel; column += kColumns) {
    MicroTile<Type, kRows, false>(left, b + column, depth, add, c + column, nullptr);
  }
}

// What is done with a tile of rows as soon as its sums are complete, while they are in the
// first-level cache.
struct KeepSums {
  HWY_INLINE void operator()(const float* /*sums*/, int64_t /*rows*/) const {}
};

// c [rows, kPanel] = (add ? c : 0) + left [rows, depth] * b [depth, kPanel], depth in words; b and
// c 64-byte aligned. One chain of multiply-adds an element: whether it is cut by `add` or not
// leaves no trace. With kFetch, `next` [depth, kPanel], the right factor of the product that
// follows, is brought into the second-level cache meanwhile, as much of it as these rows take time
// for: the processor's own prefetching stops at each page. finish(sums, count) sees the rows of c
// in order.
template <class Type, bool kFetch = false, class Finish = KeepSums>
HWY_ATTR void PanelProduct(Left<typename Type::Word> left, int64_t rows,
                           const typename Type::Word* b, int64_t depth, bool add, float* c,
                           const typename Type::Word* next = nullptr, Finish finish = {}) {
  const int64_t fetched = depth / kStepsALine * kLineWords;  // by a tile of rows
  const auto* last = next + (kFetch ? depth * kPanel - fetched : 0);
  // Tiles of nearly equal height: one of 1 or 2 rows would wait for b.
  for (int64_t tiles = (rows + kTileRows - 1) / kTileRows; tiles > 0; --tiles) {
    const int64_t count = (rows + tiles - 1) / tiles;
    switch (count) {
      case 6:
        RowTile<Type, 6, kFetch>(left, b, depth, add, c, next);
        break;
      case 5:
        RowTile<Type, 5, kFetch>(left, b, depth, add, c, next);
        break;
      case 4:
        RowTile<Type, 4, kFetch>(left, b, depth, add, c, next);
        break;
      case 3:
        RowTile<Type, 3, kFetch>(left, b, depth, add, c, next);
        break;
      case 2:
        RowTile<Type, 2, kFetch>(left, b, depth, add, c, next);
        break;
      case 1:
        RowTile<Type, 1, kFetch>(left, b, depth, add, c, next);
        break;
    }
    finish(c, count);
    rows -= count;
    left.data += count * left.row_stride;
    c += count * kPanel;
    if (kFetch) next = std::min(next + fetched, last);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#endif  // include guard
