#include "student/rope_scaling.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace rsr {
namespace {

constexpr int64_t kMostWidth = 1 << 24;  // sizes are checked later

// `kept(pair)`: 1 where the frequency stays, 0 where it is divided by the whole factor.
std::vector<float> Blend(int64_t width, double factor, const std::function<double(double)>& kept) {
  std::vector<float> factors;
  for (int64_t i = 0; i < width / 2 && width <= kMostWidth; ++i) {
    const double share = std::clamp(kept(static_cast<double>(i)), 0.0, 1.0);
    factors.push_back(static_cast<float>(1 / ((1 - share) / factor + share)));
  }
  return factors;
}

}  // namespace

std::vector<float> Llama3Scaling::Factors(int64_t width, double base) const {
  return Blend(width, factor, [&](double pair) {
    const double frequency = 1 / std::pow(base, 2 * pair / static_cast<double>(width));
    const double turns = context * frequency / (2 * std::numbers::pi);
    return (turns - low_frequency) / (high_frequency - low_frequency);
  });
}

bool YarnScaling::Makes(double base) const {
  return factor >= 1 && context >= 1 && slow > 0 && fast >= slow && base > 1;
}

std::vector<float> YarnScaling::Factors(int64_t width, double base) const {
  const auto width_real = static_cast<double>(width);
  // The pair that turns so many times within the old context.
  const auto pair_of = [&](double turns) {
    return width_real * std::log(context / (turns * 2 * std::numbers::pi)) / (2 * std::log(base));
  };
  double first = pair_of(fast), last = pair_of(slow);
  if (truncate) first = std::floor(first), last = std::ceil(last);
  first = std::max(first, 0.0), last = std::min(last, width_real - 1);
  if (first == last) last += 0.001;
  return Blend(width, factor, [&](double pair) { return 1 - (pair - first) / (last - first); });
}

double YarnScaling::Scale(double mscale) const {
  return factor <= 1 ? 1 : 0.1 * mscale * std::log(factor) + 1;
}

}  // namespace rsr
