#include "engine/llama/output_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "rsr/error.h"

namespace rsr {
namespace {

// ln of the sum of exponentials.
double LogSum(std::span<const float> logits) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - most);
  return most + std::log(sum);
}

}  // namespace

double OutputTolerance(ggml_type weight_type) {
  switch (weight_type) {
    case GGML_TYPE_F32:
      return 1e-3;
    case GGML_TYPE_F16:
      return 0.05;
    case GGML_TYPE_BF16:
      return 0.3;
    default:
      return 1;
  }
}

void CheckOutputLayer(const GgmlOutputMatrix& matrix, const OutputLayer& layer,
                      std::span<const float> hidden, std::span<const float> logits,
                      const std::string& architecture) {
  const auto vocab = static_cast<size_t>(matrix.vocab());
  const auto width = static_cast<size_t>(matrix.width());
  const size_t rows = logits.size() / vocab;
  std::vector<float> states;
  std::vector<int32_t> targets;
  std::vector<double> expected;
  for (size_t row = 0; row < rows; ++row) {
    const auto own = logits.subspan(row * vocab, vocab);
    const double log_sum = LogSum(own);
    // The most probable entry and some from anywhere: a scale or a cap moves them differently.
    const auto top = std::max_element(own.begin(), own.end()) - own.begin();
    for (const size_t target : {static_cast<size_t>(top), vocab / 3, vocab / 2, vocab - 1 - row}) {
      const auto state = hidden.subspan(row * width, width);
      states.insert(states.end(), state.begin(), state.end());
      targets.push_back(static_cast<int32_t>(target));
      expected.push_back(log_sum - own[target]);
    }
  }
  std::vector<TokenStats> stats(targets.size());
  NewVocabSweep(matrix, layer.transform)->Run(states.data(), targets, stats.data());
  for (size_t i = 0; i < stats.size(); ++i) {
    const double difference = std::abs(stats[i].surprisal - expected[i]);
    if (difference <= OutputTolerance(layer.weight->type)) continue;  // false for NaN too
    throw Error(fmt::format("architecture '{}' does more between body and logits than rsr knows: "
                            "token {} has surprisal {:.4f} by llama.cpp's own output layer, {:.4f} "
                            "by ours",
                            architecture, targets[i], expected[i], stats[i].surprisal),
                "score with another student, or report this architecture as missing");
  }
}

}  // namespace rsr
