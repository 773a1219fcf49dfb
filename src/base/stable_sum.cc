#include "base/stable_sum.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace rsr {

double Quantile(std::span<const double> values, double q) {
  std::vector<double> v(values.begin(), values.end());
  // A NaN has no place in an order: as in numpy, it is the answer.
  if (v.empty() || std::any_of(v.begin(), v.end(), [](double x) { return std::isnan(x); })) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double position = q * static_cast<double>(v.size() - 1);
  const size_t below = std::min(static_cast<size_t>(position), v.size() - 1);
  const double share = position - static_cast<double>(below);
  std::nth_element(v.begin(), v.begin() + below, v.end());
  const double a = v[below];
  if (share == 0) return a;
  const double b = *std::min_element(v.begin() + below + 1, v.end());
  if (a == b) return a;  // also two infinities, whose difference is not a number
  // Interpolated from the nearer end, as numpy does, so that the last bits agree.
  return share < 0.5 ? a + (b - a) * share : b - (b - a) * (1 - share);
}

}  // namespace rsr
