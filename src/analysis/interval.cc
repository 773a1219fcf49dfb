#include "analysis/interval.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "analysis/student_t.h"
#include "base/stable_sum.h"

namespace rsr {

Interval ResampledInterval(std::span<const double> resampled, int64_t problems, double confidence) {
  std::vector<double> values;
  for (const double v : resampled) {
    if (!std::isnan(v)) values.push_back(v);
  }
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (values.empty() || problems < 2) return {kNaN, kNaN};
  // Beyond this many degrees of freedom t is the normal distribution to four digits.
  const auto n = static_cast<double>(problems);
  const int degrees = static_cast<int>(std::min<int64_t>(problems - 1, 10'000));
  const double t = StudentTQuantile((1 + confidence) / 2, degrees);
  const double tail = NormalCdf(-t * std::sqrt(n / (n - 1)));
  return {Quantile(values, tail), Quantile(values, 1 - tail)};
}

double NormalCdf(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

double NormalQuantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (NormalCdf(middle) < p ? low : high) = middle;
  }
  return high;
}

}  // namespace rsr
