// Other ways to bring rank and surprisal together (arXiv 2601.14249 table 14).
#include "metrics/metric.h"

namespace rsr {
namespace {

// A metric of the trajectory's means of c and s.
template <class F>
Parts OfMeans(const RunRow& row, F f) {
  if (row.scored_tokens == 0) return {};
  return {f(row.sum_rank_clip / row.scored_tokens, row.sum_surprisal / row.scored_tokens), 1};
}

const MetricRegistrar kSurpWeightedRank({
    .name = "surp_weighted_rank",
    .better = Better::kLow,
    .formula = "sum s c / sum s",
    .source = "arXiv 2601.14249 table 14",
    .fold =
        [](const FoldInput& in, double) {
          if (in.row.scored_tokens == 0) return Parts{};
          return Parts{in.rank_times_surprisal() / in.row.sum_surprisal, 1};
        },
    .columns = RunReader::kSurprisal | RunReader::kRank,
});

const MetricRegistrar kRankWeightedSurp({
    .name = "rank_weighted_surp",
    .better = Better::kLow,
    .formula = "sum c s / sum c",
    .source = "arXiv 2601.14249 table 14",
    .fold =
        [](const FoldInput& in, double) {
          if (in.row.scored_tokens == 0) return Parts{};
          return Parts{in.rank_times_surprisal() / in.row.sum_rank_clip, 1};
        },
    .columns = RunReader::kSurprisal | RunReader::kRank,
});

const MetricRegistrar kRankMinusSurp({
    .name = "rank_minus_surp",
    .better = Better::kLow,
    .formula = "mean c - mean s",
    .source = "arXiv 2601.14249 table 14",
    .fold = [](const FoldInput& in,
               double) { return OfMeans(in.row, [](double c, double s) { return c - s; }); },
});

const MetricRegistrar kRankTimesSurp({
    .name = "rank_times_surp",
    .better = Better::kLow,
    .formula = "mean c * mean s",
    .source = "arXiv 2601.14249 table 14",
    .fold = [](const FoldInput& in,
               double) { return OfMeans(in.row, [](double c, double s) { return c * s; }); },
});

const MetricRegistrar kRankEntropyRatio({
    .name = "rank_entropy_ratio",
    .better = Better::kLow,
    .formula = "mean c / mean H",
    .source = "arXiv 2601.14249 table 14",
    .fold =
        [](const FoldInput& in, double) {
          if (in.row.scored_tokens == 0) return Parts{};
          return Parts{in.row.sum_rank_clip / in.row.sum_entropy, 1};
        },
});

}  // namespace
}  // namespace rsr
