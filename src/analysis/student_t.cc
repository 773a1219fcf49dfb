#include "analysis/student_t.h"

#include <cmath>
#include <numbers>

namespace rsr {

// Abramowitz and Stegun 26.7.3 and 26.7.4: P(|T| < t) as a finite sum in theta = atan(t / sqrt(n)).
double StudentTCdf(double t, int degrees) {
  const double theta = std::atan(t / std::sqrt(static_cast<double>(degrees)));
  const double cos2 = std::cos(theta) * std::cos(theta);
  const bool odd = degrees % 2 == 1;
  double term = odd ? std::cos(theta) : 1, sum = odd && degrees == 1 ? 0 : term;
  for (int k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= cos2 * (k - 1) / k;
    sum += term;
  }
  const double within =
      odd ? 2 / std::numbers::pi * (theta + std::sin(theta) * sum) : std::sin(theta) * sum;
  return 0.5 + within / 2;
}

double StudentTQuantile(double p, int degrees) {
  if (p < 0.5) return -StudentTQuantile(1 - p, degrees);
  double low = 0, high = 1;
  while (StudentTCdf(high, degrees) < p && high < 1e300) high *= 2;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    (StudentTCdf(middle, degrees) < p ? low : high) = middle;
  }
  return high;
}

}  // namespace rsr
