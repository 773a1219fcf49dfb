#include "kernels/rope.h"

#include <cmath>

#include "kernels/cpu/cpu_level.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/rope.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "kernels/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {

void Rotate(const float* cosines, const float* sines, int64_t pairs, int64_t heads,
            int64_t head_width, float* row) {
  for (int64_t head = 0; head < heads; ++head, row += head_width) {
    ForEachVector(pairs, [&](auto d, int64_t i) HWY_ATTR {
      const auto x = hn::LoadU(d, row + i), y = hn::LoadU(d, row + pairs + i);
      const auto c = hn::LoadU(d, cosines + i), s = hn::LoadU(d, sines + i);
      hn::StoreU(hn::Sub(hn::Mul(x, c), hn::Mul(y, s)), d, row + i);
      hn::StoreU(hn::MulAdd(x, s, hn::Mul(y, c)), d, row + pairs + i);
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rsr {

HWY_EXPORT(Rotate);

std::vector<float> RopeFrequencies(int64_t width, float base, std::span<const float> factors) {
  std::vector<float> frequencies(width / 2);
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(width);
    const float factor = factors.empty() ? 1 : factors[i];
    frequencies[i] = 1 / (factor * std::pow(base, exponent));
  }
  return frequencies;
}

void RopeTable::Extend(int64_t positions) {
  InitCpuLevel();
  const auto known = static_cast<int64_t>(table_.size()) / (2 * pairs());
  if (positions > known) table_.resize(positions * 2 * pairs());
  for (int64_t position = known; position < positions; ++position) {
    float* cosines = table_.data() + position * 2 * pairs();
    for (int64_t i = 0; i < pairs(); ++i) {
      const double angle = static_cast<float>(position) * frequencies_[i];
      cosines[i] = static_cast<float>(std::cos(angle)) * scale_;
      cosines[pairs() + i] = static_cast<float>(std::sin(angle)) * scale_;
    }
  }
}

void ApplyRope(const RopeTable& table, int64_t position, int64_t heads, int64_t head_width,
               float* row) {
  HWY_DYNAMIC_DISPATCH(Rotate)
  (table.cosines(position), table.sines(position), table.pairs(), heads, head_width, row);
}

}  // namespace rsr
#endif  // HWY_ONCE
