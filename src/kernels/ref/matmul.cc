#include "kernels/matmul.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "kernels/bf16.h"

namespace rsr {
namespace {

double Activate(double x, Activation activation) {
  if (activation == Activation::kSilu) return x / (1 + std::exp(-x));
  const double u = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return 0.5 * x * (1 + std::tanh(u));
}

double Factor(float x, WeightType type) {
  return type == WeightType::kBf16 ? FromBf16(ToBf16(x)) : x;
}

}  // namespace

void ReferenceMatMul(const float* x, int64_t rows, const float* weights, int64_t columns,
                     int64_t depth, double* y, const MatMulOptions& options, WeightType type) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k) {
        sum += Factor(x[row * depth + k], type) * Factor(weights[column * depth + k], type);
      }
      if (options.bias) sum += options.bias[column];
      double& out = y[row * columns + column];
      out = (options.add ? out : 0) + options.scale * sum;
    }
  }
}

void ReferenceGatedMatMul(const float* x, int64_t rows, const float* gate, const float* up,
                          int64_t columns, int64_t depth, double* h, const GatedOptions& options,
                          WeightType type) {
  std::vector<double> gated(rows * columns);
  ReferenceMatMul(x, rows, gate, columns, depth, gated.data(), {.bias = options.gate_bias}, type);
  ReferenceMatMul(x, rows, up, columns, depth, h, {.bias = options.up_bias}, type);
  for (int64_t i = 0; i < rows * columns; ++i) h[i] *= Activate(gated[i], options.activation);
}

}  // namespace rsr
