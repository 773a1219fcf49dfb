// Root mean square norm: y = x / sqrt(mean(x^2) + epsilon) * weight, row by row.
//
// Rounding rule: float32; squares are summed in as many chains as the level has lanes. y may be x.
#pragma once

#include <cstdint>

namespace rsr {

// x, y [rows, width] row-major, weight [width].
void RmsNorm(const float* x, int64_t rows, int64_t width, const float* weight, float epsilon,
             float* y);

// The slow, obvious twin, in double. For tests.
void ReferenceRmsNorm(const float* x, int64_t rows, int64_t width, const float* weight,
                      float epsilon, double* y);

}  // namespace rsr
