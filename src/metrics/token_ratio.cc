// The ratio token by token (arXiv 2601.14249 eq. 4, eq. 5).
#include <algorithm>
#include <array>
#include <bit>
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

// The n-th largest value, what is not above 0 (a damaged run's NaN) taken as 0. A count by exponent
// and first bits of the mantissa, which order such floats, leaves few to sort.
float Largest(const std::vector<float>& values, size_t n) {
  constexpr int kShift = 20;
  constexpr size_t kBuckets = (std::bit_cast<uint32_t>(HUGE_VALF) >> kShift) + 1;
  const auto above_0 = [](float x) { return x > 0 ? x : 0.0f; };
  const auto bucket = [&](float x) { return std::bit_cast<uint32_t>(above_0(x)) >> kShift; };
  std::array<uint32_t, kBuckets> counts = {};
  for (const float x : values) ++counts[bucket(x)];
  size_t b = kBuckets - 1;
  for (; counts[b] < n; --b) n -= counts[b];
  std::vector<float> rest;
  for (const float x : values) {
    if (bucket(x) == b) rest.push_back(above_0(x));
  }
  std::nth_element(rest.begin(), rest.begin() + (n - 1), rest.end(), std::greater<>());
  return rest[n - 1];
}

// Over the tokens with the highest surprisal, `share` of them rounded up; of equal ones the first
// count.
Parts Filtered(const FoldInput& in, double share) {
  const std::vector<float>& s = in.row.tokens.surprisal;
  if (s.empty()) return {};
  // The margin keeps 0.3 * 10 from being 4 of 10.
  const double wanted = std::ceil(share * static_cast<double>(s.size()) - 1e-9);
  const size_t n = std::clamp<size_t>(static_cast<size_t>(wanted), 1, s.size());
  const float least = Largest(s, n);
  const int32_t* r = in.row.tokens.rank.data();
  size_t ties = n - std::count_if(s.begin(), s.end(), [&](float x) { return x > least; });
  double sum = SumTokens(s.size(), [&, s = s.data()](size_t k) {
    return s[k] <= least ? 0.0 : r[k] / static_cast<double>(s[k]);
  });
  for (size_t k = 0; ties > 0 && k < s.size(); ++k) {
    if (s[k] != least) continue;
    sum += r[k] / static_cast<double>(least);
    --ties;
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
