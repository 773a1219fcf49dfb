// Rounding to pairs of bf16 (kernels/bf16.h), a vector at a time.

// Include guard (still compiled once per target).
#if defined(RSR_KERNELS_CPU_BF16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RSR_KERNELS_CPU_BF16_INL_H_
#undef RSR_KERNELS_CPU_BF16_INL_H_
#else
#define RSR_KERNELS_CPU_BF16_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"
#include "kernels/bf16.h"
#include "kernels/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::RebindToUnsigned<Floats>;

// As ToBf16(), in the upper halves; the lower ones are not cleared.
HWY_INLINE hn::Vec<Words> RoundToBf16(Vector x) {
  const Floats df;
  const Words du;
  const auto bits = hn::BitCast(du, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto rounded = hn::Add(hn::Add(bits, hn::Set(du, 0x7FFF)), odd);
  const auto or_nan = hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(x)),
                                     hn::Or(bits, hn::Set(du, 0x400000)), rounded);
  const auto least = hn::Lt(hn::Abs(x), hn::Set(df, 0x1p-126f));
  return hn::IfThenZeroElse(hn::RebindMask(du, least), or_nan);
}

// The words Bf16Pair(first, second), lane by lane.
HWY_INLINE hn::Vec<Words> Bf16Pairs(Vector first, Vector second) {
  const Words du;
  return hn::Or(hn::And(RoundToBf16(first), hn::Set(du, 0xFFFF0000u)),
                hn::ShiftRight<16>(RoundToBf16(second)));
}

// The words Bf16Pair of neighbours, of those in a and then of those in b.
HWY_INLINE hn::Vec<Words> Bf16Neighbours(Vector a, Vector b) {
#if HWY_TARGET == HWY_SCALAR
  return Bf16Pairs(a, b);
#else
  const Floats df;
  return Bf16Pairs(hn::ConcatEven(df, b, a), hn::ConcatOdd(df, b, a));
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#endif  // include guard
