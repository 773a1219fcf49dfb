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
// the normal distribution's tails are not those of an estimated spread. Of 95 % intervals of a
// ratio from 10 problems 90 % hold the truth; with both put right 94.5 % (docs/teachers.md, which
// also says what was tried and lost). `problems`: independent draws, n. Hesterberg 2015, "What
// Teachers Should Know About the Bootstrap", section 5.4.
Interval ResampledInterval(std::span<const double> resampled, int64_t problems, double confidence);

double NormalCdf(double z);
double NormalQuantile(double p);  // 0 < p < 1

}  // namespace rsr
