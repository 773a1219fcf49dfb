#include "kernels/vocab_sweep.h"

#include <cmath>
#include <vector>

#include "kernels/sweep_input.h"

namespace rsr {
namespace {

class ReferenceVocabSweep : public VocabSweep {
 public:
  ReferenceVocabSweep(const OutputMatrix& matrix, const LogitTransform& transform)
      : matrix_(matrix), transform_(transform) {}

  void Run(const float* hidden, std::span<const int32_t> targets, TokenStats* out) override {
    CheckTargets(targets, matrix_.vocab());
    for (size_t row = 0; row < targets.size(); ++row) {
      const std::vector<double> logits = Logits(hidden + row * matrix_.width());
      for (const double l : logits) {
        if (!std::isfinite(l)) ThrowNotFinite(row);
      }
      out[row] = Reduce(logits, targets[row]);
    }
  }

 private:
  std::vector<double> Logits(const float* hidden) const {
    std::vector<double> logits(matrix_.vocab());
    std::vector<float> weights(matrix_.width());
    for (int64_t v = 0; v < matrix_.vocab(); ++v) {
      matrix_.ReadRows(v, 1, weights.data());
      double l = 0;
      for (int64_t k = 0; k < matrix_.width(); ++k)
        l += static_cast<double>(weights[k]) * hidden[k];
      l *= transform_.scale;
      if (transform_.bias) l += transform_.bias[v];
      if (transform_.soft_cap > 0) l = transform_.soft_cap * std::tanh(l / transform_.soft_cap);
      logits[v] = l;
    }
    return logits;
  }

  static TokenStats Reduce(const std::vector<double>& logits, int32_t target) {
    const double target_logit = logits[target];
    int32_t top = 0;
    int32_t above = 0, equal = 0;
    for (size_t v = 0; v < logits.size(); ++v) {
      if (logits[v] > logits[top]) top = static_cast<int32_t>(v);
      above += logits[v] > target_logit;
      equal += logits[v] == target_logit;
    }
    // Without the top entry: next to its 1 a double would lose what the others add when p is close
    // to 1.
    double rest = 0, rest_squares = 0, rest_distance = 0, rest_above = 0;
    for (size_t v = 0; v < logits.size(); ++v) {
      if (v == static_cast<size_t>(top)) continue;
      const double e = std::exp(logits[v] - logits[top]);
      rest += e;
      rest_squares += e * e;
      rest_distance += e * (logits[top] - logits[v]);
      if (logits[v] > target_logit) rest_above += e;
    }
    const double total = 1 + rest, log_total = std::log1p(rest);
    TokenStats stats;
    stats.surprisal = static_cast<float>(log_total + (logits[top] - target_logit));
    stats.entropy = static_cast<float>(log_total + rest_distance / total);
    stats.mass_above = static_cast<float>(((logits[top] > target_logit) + rest_above) / total);
    stats.sum_p2 = static_cast<float>((1 + rest_squares) / (total * total));
    stats.top1_logprob = static_cast<float>(-log_total);
    stats.rank = 1 + above;
    stats.ties = equal - 1;
    stats.top1_id = top;
    return stats;
  }

  const OutputMatrix& matrix_;
  const LogitTransform transform_;
};

}  // namespace

std::unique_ptr<VocabSweep> NewReferenceVocabSweep(const OutputMatrix& matrix,
                                                   const LogitTransform& transform) {
  CheckMatrix(matrix);
  return std::make_unique<ReferenceVocabSweep>(matrix, transform);
}

}  // namespace rsr
