// SeqLSS: the share of the surprisal that falls on tokens with little mass above them (arXiv
// 2608.29623).
#include <cmath>

#include "metrics/metric.h"

namespace rsr {
namespace {

Parts SeqLss(const FoldInput& in, double a) {
  if (in.row.scored_tokens == 0) return {};
  const float* s = in.row.tokens.surprisal.data();
  const float* above = in.row.tokens.mass_above.data();
  const size_t n = in.row.tokens.size();
  double sum = 0;
  if (a == 4) {  // as published: without a call of pow for every token
    sum = SumSeqLss4(s, above, n);
  } else {
    for (size_t k = 0; k < n; ++k) sum += s[k] * std::pow(1.0 - above[k], a);
  }
  return {sum / in.row.sum_surprisal, 1};
}

const MetricRegistrar kSeqLss({
    .name = "seqlss",
    .better = Better::kHigh,
    .formula = "sum s (1 - m)^a / sum s, m the mass of the more probable tokens; a = 4",
    .source = "arXiv 2608.29623",
    .fold = SeqLss,
    .columns = RunReader::kSurprisal | RunReader::kMassAbove,
    .parameter = 4,
    .settable = true,
    .least = 0,
    .most = 100,
});

}  // namespace
}  // namespace rsr
