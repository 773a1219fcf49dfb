// The ratio token by token (arXiv 2601.14249 eq. 4, eq. 5).
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
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

// Orders as floats do, and a damaged run's NaN, too.
int32_t Order(float s) {
  const auto bits = std::bit_cast<int32_t>(s);
  return bits >= 0 ? bits : bits ^ INT32_MAX;
}

// From 2^-16 up to 2^16 there are 16 buckets for each power of 2; what is smaller is in the first,
// what is larger in the last.
constexpr int32_t kBuckets = 512;
constexpr int kDropped = 23 - 4;  // bits of the mantissa
constexpr int32_t kFirst = (127 - 16) << 4;

int32_t Bucket(float s) {
  return std::clamp((std::bit_cast<int32_t>(s) >> kDropped) - kFirst, 0, kBuckets - 1);
}
float LowerBound(int32_t bucket) { return std::bit_cast<float>((bucket + kFirst) << kDropped); }

// Over the tokens with the highest surprisal, `share` of them rounded up; of equal ones the first
// count. Counts by bucket leave those of one bucket to sort.
Parts Filtered(const FoldInput& in, double share) {
  const std::vector<float>& s = in.row.tokens.surprisal;
  const std::vector<int32_t>& r = in.row.tokens.rank;
  if (s.empty()) return {};
  // The margin keeps 0.3 * 10 from being 4 of 10.
  const double wanted = std::ceil(share * static_cast<double>(s.size()) - 1e-9);
  const size_t n = std::clamp<size_t>(static_cast<size_t>(wanted), 1, s.size());
  std::array<uint32_t, kBuckets> counts = {};
  for (const float x : s) ++counts[Bucket(x)];
  size_t left = n;  // to be taken from the bucket
  int32_t bucket = kBuckets - 1;
  for (; counts[bucket] < left; --bucket) left -= counts[bucket];

  std::vector<size_t> tokens(counts[bucket] + 1);  // of the bucket; one more is written over
  size_t found = 0;
  for (size_t k = 0; k < s.size(); ++k) {
    tokens[found] = k;
    found += Bucket(s[k]) == bucket;
  }
  std::nth_element(
      tokens.begin(), tokens.begin() + (left - 1), tokens.begin() + found,
      [&](size_t a, size_t b) { return std::pair(Order(s[b]), a) < std::pair(Order(s[a]), b); });
  double sum = bucket == kBuckets - 1
                   ? 0
                   : SumRatiosFrom(LowerBound(bucket + 1), s.data(), r.data(), s.size());
  for (size_t i = 0; i < left; ++i) sum += r[tokens[i]] / static_cast<double>(s[tokens[i]]);
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
