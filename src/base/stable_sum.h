// Sums whose value depends only on the order of the values (Neumaier's compensated sum in double).
#pragma once

#include <cmath>
#include <span>

namespace rsr {

class StableSum {
 public:
  void Add(double x) {
    const double t = sum_ + x;
    compensation_ += std::abs(sum_) >= std::abs(x) ? (sum_ - t) + x : (x - t) + sum_;
    sum_ = t;
  }
  // An infinite sum has no meaningful compensation (inf - inf).
  double value() const { return std::isfinite(sum_) ? sum_ + compensation_ : sum_; }

 private:
  double sum_ = 0, compensation_ = 0;
};

// Quantile of unsorted values by linear interpolation between order statistics (numpy's default), q
// in [0, 1]. NaN for an empty span.
double Quantile(std::span<const double> values, double q);

}  // namespace rsr
