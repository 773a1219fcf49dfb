#include "kernels/head_gradient.h"

#include <algorithm>
#include <cmath>

#include "kernels/gradient_sketch.h"
#include "kernels/sweep_input.h"

namespace rsr {
namespace {

double Norm(const double* values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += values[i] * values[i];
  return std::sqrt(sum);
}

}  // namespace

FullHeadGradient ReferenceHeadGradient(const OutputMatrix& matrix, const LogitTransform& transform,
                                       const float* hidden, std::span<const int32_t> targets) {
  CheckTargets(targets, matrix.vocab());
  const int64_t vocab = matrix.vocab(), width = matrix.width();
  const auto rows = static_cast<int64_t>(targets.size());
  std::vector<float> weights(static_cast<size_t>(vocab * width));
  matrix.ReadRows(0, vocab, weights.data());
  FullHeadGradient out;
  out.weights.resize(weights.size());
  out.hidden.resize(static_cast<size_t>(rows * width));
  std::vector<double> logits(vocab), slopes(vocab);
  for (int64_t k = 0; k < rows; ++k) {
    const float* h = hidden + k * width;
    for (int64_t v = 0; v < vocab; ++v) {
      double l = 0;
      for (int64_t j = 0; j < width; ++j) l += static_cast<double>(weights[v * width + j]) * h[j];
      l = l * transform.scale + (transform.bias ? transform.bias[v] : 0);
      slopes[v] = transform.scale;
      if (const double cap = transform.soft_cap; cap > 0) {
        const double tanh = std::tanh(l / cap);
        l = cap * tanh;
        slopes[v] *= 1 - tanh * tanh;
      }
      logits[v] = l;
    }
    const double top = *std::max_element(logits.begin(), logits.end());
    double total = 0;
    for (const double l : logits) total += std::exp(l - top);
    const double log_total = top + std::log(total);
    out.loss += (log_total - logits[targets[k]]) / static_cast<double>(rows);
    for (int64_t v = 0; v < vocab; ++v) {
      const double p = std::exp(logits[v] - log_total);
      const double d = (p - (v == targets[k] ? 1 : 0)) * slopes[v];
      for (int64_t j = 0; j < width; ++j) {
        out.weights[v * width + j] += d * h[j] / static_cast<double>(rows);
        out.hidden[k * width + j] += d * weights[v * width + j];
      }
    }
  }
  return out;
}

HeadGradient Summarise(const FullHeadGradient& gradient, int64_t width,
                       const HeadGradientOptions& options) {
  HeadGradient out;
  out.weight_norm = Norm(gradient.weights.data(), static_cast<int64_t>(gradient.weights.size()));
  const auto rows = static_cast<int64_t>(gradient.hidden.size()) / width;
  for (int64_t k = 0; k < rows; ++k) {
    out.hidden_norm += Norm(gradient.hidden.data() + k * width, width) / static_cast<double>(rows);
  }
  GradientSketch sketch(options.sketch_size, options.seed);
  const auto vocab = static_cast<int64_t>(gradient.weights.size()) / width;
  for (int64_t v = 0; v < vocab; ++v) {
    sketch.Add(v, 0, gradient.weights.data() + v * width, width);
  }
  out.sketch.assign(sketch.sums().begin(), sketch.sums().end());
  return out;
}

}  // namespace rsr
