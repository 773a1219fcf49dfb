#include "kernels/rms_norm.h"

#include <cmath>

#include "kernels/cpu/cpu_level.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/rms_norm.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "kernels/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {

HWY_INLINE float SumOfSquares(const float* x, int64_t width) {
  const Floats df;
  Vector sum = hn::Zero(df);
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    const Vector v = hn::LoadU(df, x + i);
    sum = hn::MulAdd(v, v, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(df, sum));
  for (; i < width; ++i) total += x[i] * x[i];
  return total;
}

void RmsNorm(const float* x, int64_t rows, int64_t width, const float* weight, float epsilon,
             float* y, bool add) {
  for (int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const float scale = 1 / std::sqrt(SumOfSquares(x, width) / static_cast<float>(width) + epsilon);
    ForEachVector(width, [&](auto d, int64_t i) HWY_ATTR {
      const auto v = hn::Mul(hn::LoadU(d, x + i), hn::Set(d, scale));
      const auto normed = hn::Mul(v, hn::LoadU(d, weight + i));
      hn::StoreU(add ? hn::Add(hn::LoadU(d, y + i), normed) : normed, d, y + i);
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rsr {

HWY_EXPORT(RmsNorm);

void RmsNorm(const float* x, int64_t rows, int64_t width, const float* weight, float epsilon,
             float* y, bool add) {
  InitCpuLevel();
  HWY_DYNAMIC_DISPATCH(RmsNorm)(x, rows, width, weight, epsilon, y, add);
}

}  // namespace rsr
#endif  // HWY_ONCE
