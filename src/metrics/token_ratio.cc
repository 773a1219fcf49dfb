// The ratio token by token (arXiv 2601.14249 eq. 4, eq. 5).
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "metrics/metric.h"

namespace rsr {
namespace {

constexpr uint32_t kRatioColumns = RunReader::kSurprisal | RunReader::kRank;

// Over all tokens. A token with surprisal 0 makes it infinite: that is what the definition says.
Parts TokenAverage(const FoldInput& in, double) {
  const TokenColumns& t = in.row.tokens;
  return TokenMean(SumRatios(t.surprisal.data(), t.rank.data(), t.size()), in.row);
}

// Of floats in their order, and back.
int32_t Order(float s) {
  const auto bits = std::bit_cast<int32_t>(s);
  return bits >= 0 ? bits : bits ^ INT32_MAX;
}
float AtOrder(int32_t order) {
  return std::bit_cast<float>(order >= 0 ? order : order ^ INT32_MAX);
}

// Over the tokens with the highest surprisal, `share` of them rounded up; of equal ones the first
// count. A bound that so many tokens reach is found by halving: counting them costs next to
// nothing, sorting does not.
Parts Filtered(const FoldInput& in, double share) {
  const std::vector<float>& s = in.row.tokens.surprisal;
  const std::vector<int32_t>& r = in.row.tokens.rank;
  if (s.empty()) return {};
  // The margin keeps 0.3 * 10 from being 4 of 10.
  const double wanted = std::ceil(share * static_cast<double>(s.size()) - 1e-9);
  const size_t n = std::clamp<size_t>(static_cast<size_t>(wanted), 1, s.size());
  const auto sum_from = [&](float least) {
    return SumRatiosFrom(least, s.data(), r.data(), s.size());
  };
  const auto mean = [&](double sum) { return Parts{sum / static_cast<double>(n), 1}; };
  // From `low` on there are more than n, from `high` on fewer.
  int64_t low = Order(-std::numeric_limits<float>::infinity());
  int64_t high = int64_t{Order(std::numeric_limits<float>::infinity())} + 1;
  size_t above = 0;  // from `high` on
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    const float least = AtOrder(static_cast<int32_t>(middle));
    const size_t count = CountFrom(least, s.data(), s.size());
    if (count == n) return mean(sum_from(least));
    if (count > n) {
      low = middle;
    } else {
      high = middle;
      above = count;
    }
  }
  // Some of equal ones.
  const float least = AtOrder(static_cast<int32_t>(low));
  double sum = sum_from(std::nextafter(least, std::numeric_limits<float>::infinity()));
  for (size_t k = 0; k < s.size() && above < n; ++k) {
    if (s[k] != least) continue;
    sum += r[k] / static_cast<double>(least);
    ++above;
  }
  return mean(sum);
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
