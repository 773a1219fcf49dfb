// Average log probability without the confounding of step lengths: the first tokens of steps are
// improbable, and long steps dilute them (ASLEC, arXiv 2604.06834).
#include "metrics/least_squares.h"
#include "metrics/metric.h"

namespace rsr {
namespace {

// gamma is the coefficient of F in the least-squares fit, with intercept, of M on (M of tails, M of
// heads, F) over the corpus; the value is M - gamma F.
std::vector<double> Casl(const Corpus& corpus) {
  const std::vector<double>& surprisal = corpus.values[0];
  const std::vector<double>& share = corpus.values[3];
  const size_t n = surprisal.size();
  std::vector<double> mean(n);
  for (size_t i = 0; i < n; ++i) mean[i] = -surprisal[i];
  const std::optional<std::vector<double>> fit =
      LeastSquares({corpus.values[1], corpus.values[2], share}, mean);
  if (!fit) return {};
  for (size_t i = 0; i < n; ++i) mean[i] -= (*fit)[2] * share[i];
  return mean;
}

const MetricRegistrar kAslecDrop({
    .name = "aslec_drop",
    .better = Better::kHigh,
    .formula = "mean ln p over the tokens that are not the first 2 of a step",
    .source = "arXiv 2604.06834",
    .fold =
        [](const FoldInput& in, double) {
          const StepSums& steps = in.steps();
          if (steps.tails == 0) return Parts{};
          return Parts{-steps.tail_surprisal / static_cast<double>(steps.tails), 1};
        },
    .columns = FoldInput::kStepColumns,
    .vocabulary = true,
});

const MetricRegistrar kHeadLogProb({
    .name = "step_head_logprob",
    .formula = "mean ln p over the first 2 tokens of each step",
    .source = "arXiv 2604.06834",
    .fold =
        [](const FoldInput& in, double) {
          const StepSums& steps = in.steps();
          if (steps.heads == 0) return Parts{};
          return Parts{-steps.head_surprisal / static_cast<double>(steps.heads), 1};
        },
    .columns = FoldInput::kStepColumns,
    .vocabulary = true,
});

const MetricRegistrar kHeadShare({
    .name = "step_head_share",
    .formula = "F, the share of tokens that are the first 2 of a step",
    .source = "arXiv 2604.06834",
    .fold = [](const FoldInput& in,
               double) { return TokenMean(static_cast<double>(in.steps().heads), in.row); },
    .columns = FoldInput::kStepColumns,
    .vocabulary = true,
});

const MetricRegistrar kAslecCasl({
    .name = "aslec_casl",
    .better = Better::kHigh,
    .formula = "M - gamma F: M = mean ln p, F = step_head_share, gamma its coefficient in the "
               "least-squares fit of M on (aslec_drop, step_head_logprob, F) over the corpus",
    .source = "arXiv 2604.06834",
    .needs = {"avg_surprisal", "aslec_drop", "step_head_logprob", "step_head_share"},
    .combine = Casl,
});

}  // namespace
}  // namespace rsr
