#include "kernels/rms_norm.h"

#include <cmath>

namespace rsr {

void ReferenceRmsNorm(const float* x, int64_t rows, int64_t width, const float* weight,
                      float epsilon, double* y, bool add) {
  for (int64_t row = 0; row < rows; ++row, x += width, y += width) {
    double squares = 0;
    for (int64_t i = 0; i < width; ++i) squares += static_cast<double>(x[i]) * x[i];
    const double scale = 1 / std::sqrt(squares / static_cast<double>(width) + epsilon);
    for (int64_t i = 0; i < width; ++i) y[i] = (add ? y[i] : 0) + x[i] * scale * weight[i];
  }
}

}  // namespace rsr
