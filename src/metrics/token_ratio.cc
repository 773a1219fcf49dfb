// The ratio token by token (arXiv 2601.14249 eq. 4, eq. 5).
#include <algorithm>
#include <cmath>
#include <functional>

#include "metrics/metric.h"

namespace rsr {
namespace {

constexpr uint32_t kRatioColumns = RunReader::kSurprisal | RunReader::kRank;

// Over all tokens. A token with surprisal 0 makes it infinite: that is what the definition says.
Parts TokenAverage(const FoldInput& in, double) {
  const float* s = in.row.tokens.surprisal.data();
  const int32_t* r = in.row.tokens.rank.data();
  return TokenMean(
      SumTokens(in.row.tokens.size(), [&](size_t k) { return r[k] / static_cast<double>(s[k]); }),
      in.row);
}

// Over the tokens with the highest surprisal, `share` of them rounded up; of equal ones the first
// count.
Parts Filtered(const FoldInput& in, double share) {
  const std::vector<float>& s = in.row.tokens.surprisal;
  if (s.empty()) return {};
  // The margin keeps 0.3 * 10 from being 4 of 10.
  const double wanted = std::ceil(share * static_cast<double>(s.size()) - 1e-9);
  const size_t n = std::clamp<size_t>(static_cast<size_t>(wanted), 1, s.size());
  std::vector<float> ordered = s;
  std::nth_element(ordered.begin(), ordered.begin() + (n - 1), ordered.end(), std::greater<>());
  const float least = ordered[n - 1];
  size_t ties = n - std::count_if(s.begin(), s.end(), [&](float x) { return x > least; });
  double sum = 0;
  for (size_t k = 0; k < s.size(); ++k) {
    if (s[k] < least || (s[k] == least && ties == 0)) continue;
    if (s[k] == least) --ties;
    sum += in.row.tokens.rank[k] / static_cast<double>(s[k]);
  }
  return {sum / static_cast<double>(n), 1};
}

const MetricRegistrar kRsrTokenAvg({
    .name = "rsr_token_avg",
    .better = Better::kLow,
    .formula = "(1/T) sum r / s; infinite or huge where a token is certain",
    .source = "arXiv 2601.14249 eq. 4, table 5",
    .fold = TokenAverage,
    .columns = kRatioColumns,
});

const MetricRegistrar kRsrFiltered({
    .name = "rsr_filtered",
    .better = Better::kLow,
    .formula = "mean r / s over the share q of tokens with the highest s; q = 0.3",
    .source = "arXiv 2601.14249 eq. 5, table 5",
    .fold = Filtered,
    .columns = kRatioColumns,
    .parameter = 0.3,
    .settable = true,
    .least = 0,
    .most = 1,
});

}  // namespace
}  // namespace rsr
