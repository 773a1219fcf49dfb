// What the tests of the decoder's kernels share: the tolerance rule.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "gtest/gtest.h"
#include "kernels/kernel_testing.h"

namespace rsr {

// Largest distance of `got` from the reference in double, and where.
struct WorstElement {
  double error = 0;
  size_t index = 0;
};

inline WorstElement WorstOf(std::span<const float> got, std::span<const double> want) {
  WorstElement worst;
  for (size_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(got[i] - want[i]);
    if (!(error <= worst.error)) worst = {error, i};  // NaN is the worst
  }
  return worst;
}

// The tolerance rule: at most twice as far from the reference as a plain float32 loop is at its
// worst, and one rounding of the largest value, for sizes where the plain loop happens to be exact.
inline void ExpectWithinTwicePlain(std::span<const float> got, std::span<const float> plain,
                                   std::span<const double> want, const std::string& where) {
  double largest = 0;
  for (const double value : want) largest = std::max(largest, std::abs(value));
  const double bound = 2 * WorstOf(plain, want).error + largest * 0x1p-23;
  const WorstElement worst = WorstOf(got, want);
  EXPECT_LE(worst.error, bound) << where << ": element " << worst.index << " is "
                                << got[worst.index] << ", expected " << want[worst.index];
}

}  // namespace rsr
