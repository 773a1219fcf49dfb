// Intervals from the resamples of a bootstrap.
#pragma once

#include <cstdint>
#include <span>

namespace rsr {

struct Interval {
  double low = 0, high = 0;  // NaN: fewer than two problems say nothing
};

// Percentiles of `resampled` (NaN left out) with the tails that Student's t asks for. Plain
// percentiles are too narrow for few problems: a resample's variance is short by (n - 1) / n, and
// the normal distribution's tails are not those of an estimated spread (Hesterberg 2015, "What
// Teachers Should Know About the Bootstrap", section 5.4). How often they hold the truth, and what
// was tried and lost, is in docs/teachers.md. `problems`: independent draws, n.
Interval ResampledInterval(std::span<const double> resampled, int64_t problems, double confidence);

double NormalCdf(double z);
double NormalQuantile(double p);  // 0 < p < 1

}  // namespace rsr
