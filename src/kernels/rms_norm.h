// Root mean square norm: x / sqrt(mean(x^2) + epsilon) * weight, row by row.
//
// Rounding rule: float32; squares are summed in as many chains as the level has lanes.
#pragma once

#include <cstdint>

namespace rsr {

// x, y [rows, width] row-major, weight [width]. y may be x; `add`: y += instead of y =.
void RmsNorm(const float* x, int64_t rows, int64_t width, const float* weight, float epsilon,
             float* y, bool add = false);

// The slow, obvious twin, in double. For tests.
void ReferenceRmsNorm(const float* x, int64_t rows, int64_t width, const float* weight,
                      float epsilon, double* y, bool add = false);

}  // namespace rsr
