// How well the student's distribution is calibrated on the trajectory, and LARK, which chooses
// among a problem's candidates by it (arXiv 2605.30651). Its code uses a softmax over the top 50
// entries; these sums are over the whole vocabulary.
#include "base/stable_sum.h"
#include "metrics/metric.h"

namespace rsr {
namespace {

constexpr uint32_t kBrierColumns = RunReader::kSurprisal | RunReader::kSumP2;

double Brier(const FoldInput& in) { return in.brier() / in.row.scored_tokens; }

// g_i = (L_i / sum L) (2 rho_i - sum_j rho_j L_j / sum L) among a problem's candidates, L the
// average surprisal.
std::vector<double> Lark(const Corpus& corpus) {
  const std::vector<double>& rho = corpus.values[0];
  const std::vector<double>& surprisal = corpus.values[1];
  std::vector<StableSum> sum(corpus.problems), weighted(corpus.problems);
  for (size_t i = 0; i < rho.size(); ++i) {
    sum[corpus.problem[i]].Add(surprisal[i]);
    weighted[corpus.problem[i]].Add(rho[i] * surprisal[i]);
  }
  std::vector<double> values;
  for (size_t i = 0; i < rho.size(); ++i) {
    const double total = sum[corpus.problem[i]].value();
    values.push_back(surprisal[i] / total *
                     (2 * rho[i] - weighted[corpus.problem[i]].value() / total));
  }
  return values;
}

const MetricRegistrar kBrier({
    .name = "brier",
    .better = Better::kHigh,
    .formula = "(1/T) sum (1 - 2 p(t) + sum_v p(v)^2)",
    .source = "arXiv 2605.30651",
    .fold =
        [](const FoldInput& in, double) {
          return in.row.scored_tokens > 0 ? Parts{Brier(in), 1} : Parts{};
        },
    .columns = kBrierColumns,
});

const MetricRegistrar kLarkRho({
    .name = "lark_rho",
    .better = Better::kHigh,
    .formula = "brier / avg_surprisal",
    .source = "arXiv 2605.30651",
    .fold =
        [](const FoldInput& in, double) {
          if (in.row.scored_tokens == 0) return Parts{};
          return Parts{Brier(in) / (in.row.sum_surprisal / in.row.scored_tokens), 1};
        },
    .columns = kBrierColumns,
});

const MetricRegistrar kLark({
    .name = "lark",
    .better = Better::kHigh,
    .formula = "(L / sum L) (2 rho - sum rho L / sum L), the sums over the problem's candidates, L "
               "= avg_surprisal, rho = lark_rho",
    .source = "arXiv 2605.30651",
    .needs = {"lark_rho", "avg_surprisal"},
    .combine = Lark,
});

}  // namespace
}  // namespace rsr
