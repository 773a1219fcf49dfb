// The vector type of the element-wise kernels, and a loop over any number of values.

// Include guard (still compiled once per target).
#if defined(RSR_KERNELS_CPU_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RSR_KERNELS_CPU_VECTORS_INL_H_
#undef RSR_KERNELS_CPU_VECTORS_INL_H_
#else
#define RSR_KERNELS_CPU_VECTORS_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// AVX-512 at most: the panels' 64 columns are then four vectors.
using Floats = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Floats>;
constexpr int64_t kLanes = hn::MaxLanes(Floats());

// body(tag, i) for every whole vector of [0, count), then value by value.
template <class Body>
HWY_INLINE void ForEachVector(int64_t count, const Body& body) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) body(Floats(), i);
  for (; i < count; ++i) body(hn::CappedTag<float, 1>(), i);
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#endif  // include guard
