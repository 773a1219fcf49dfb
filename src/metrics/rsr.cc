// Rank-Surprisal Ratio, the paper's metric (arXiv 2601.14249), and its ablations that are ratios of
// the same two means.
#include <cmath>
#include <limits>

#include "metrics/metric.h"

namespace rsr {
namespace {

constexpr double kStoredClip = 100;  // of RunRow::sum_rank_clip
constexpr double kNoClip = std::numeric_limits<double>::infinity();

double SumClippedRanks(const RunRow& row, double most) {
  if (most == kStoredClip) return row.sum_rank_clip;
  if (most == kNoClip) return row.sum_rank;
  const std::vector<int32_t>& ranks = row.tokens.rank;
  return SumClipped(ranks.data(), static_cast<int32_t>(most), ranks.size());
}

Parts MeanRankOverMeanSurprisal(const FoldInput& in, double most) {
  if (in.row.scored_tokens == 0) return {};
  return {SumClippedRanks(in.row, most) / in.row.scored_tokens,
          in.row.sum_surprisal / in.row.scored_tokens};
}

// As above, with the number of trajectories: a power of a mean is no sum.
Parts WithCount(const FoldInput& in, double) {
  Parts parts = MeanRankOverMeanSurprisal(in, kStoredClip);
  parts.count = parts.has_value();
  return parts;
}

const MetricRegistrar kRsr({
    .name = "rsr",
    .better = Better::kLow,
    .formula = "sum c / sum s; of a group: sum of the trajectories' mean c / sum of their mean s",
    .source = "arXiv 2601.14249 eq. 7, eq. 9",
    .fold = MeanRankOverMeanSurprisal,
    .parameter = kStoredClip,
});

const MetricRegistrar kRsrClip50({
    .name = "rsr_clip50",
    .better = Better::kLow,
    .formula = "as rsr, with c = min(r, 50)",
    .source = "arXiv 2601.14249 table 5",
    .fold = MeanRankOverMeanSurprisal,
    .columns = RunReader::kRank,
    .parameter = 50,
});

const MetricRegistrar kRsrClip500({
    .name = "rsr_clip500",
    .better = Better::kLow,
    .formula = "as rsr, with c = min(r, 500)",
    .source = "arXiv 2601.14249 table 5",
    .fold = MeanRankOverMeanSurprisal,
    .columns = RunReader::kRank,
    .parameter = 500,
});

const MetricRegistrar kRsrNoClip({
    .name = "rsr_noclip",
    .better = Better::kLow,
    .formula = "as rsr, with c = r",
    .source = "arXiv 2601.14249 table 5",
    .fold = MeanRankOverMeanSurprisal,
    .parameter = kNoClip,
});

const MetricRegistrar kRsrRankPow({
    .name = "rsr_rank_pow",
    .better = Better::kLow,
    .formula = "(mean c)^a / mean s, of a group with the means over trajectories; a = 1.05",
    .source = "arXiv 2601.14249 table 14 (1.05 and 0.95)",
    .fold = WithCount,
    .group_value =
        [](const Parts& sums, double a) {
          return std::pow(sums.numerator / sums.count, a) / (sums.denominator / sums.count);
        },
    .parameter = 1.05,
    .settable = true,
    .least = 0,
    .most = 10,
});

const MetricRegistrar kRsrSurpPow({
    .name = "rsr_surp_pow",
    .better = Better::kLow,
    .formula = "mean c / (mean s)^b, of a group with the means over trajectories; b = 1.05",
    .source = "arXiv 2601.14249 table 14 (1.05 and 0.95)",
    .fold = WithCount,
    .group_value =
        [](const Parts& sums, double b) {
          return (sums.numerator / sums.count) / std::pow(sums.denominator / sums.count, b);
        },
    .parameter = 1.05,
    .settable = true,
    .least = 0,
    .most = 10,
});

const MetricRegistrar kRsrSimple({
    .name = "rsr_simple",
    .better = Better::kLow,
    .formula = "sum c / sum s; of a group: the mean of that over trajectories",
    .source = "arXiv 2601.14249 table 14",
    .fold =
        [](const FoldInput& in, double) {
          if (in.row.scored_tokens == 0) return Parts{};
          return Parts{in.row.sum_rank_clip / in.row.sum_surprisal, 1};
        },
});

const MetricRegistrar kRsrPooled({
    .name = "rsr_pooled",
    .better = Better::kLow,
    .formula =
        "sum c / sum s; of a group: over all its tokens, so that long trajectories weigh more",
    .source = "rsr's own",
    .fold =
        [](const FoldInput& in, double) {
          return Parts{in.row.sum_rank_clip, in.row.sum_surprisal};
        },
});

}  // namespace
}  // namespace rsr
