// The three coefficients of correlation, on values without NaN.
#pragma once

#include <span>
#include <vector>

#include "rsr/correlate.h"

namespace rsr {

// NaN if either side is constant. Both sides are of one length.
double Correlation(Coefficient coefficient, std::span<const double> x, std::span<const double> y);

// 1 for the smallest value; equal values share the mean of their ranks.
std::vector<double> AverageRanks(std::span<const double> values);

}  // namespace rsr
