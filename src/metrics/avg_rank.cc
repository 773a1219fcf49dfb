// Average rank, as it is and clipped at 100.
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kAvgRank({
    .name = "avg_rank",
    .better = Better::kLow,
    .formula = "(1/T) sum r",
    .source = "arXiv 2601.14249 table 4",
    .fold = [](const FoldInput& in, double) { return TokenMean(in.row.sum_rank, in.row); },
});

const MetricRegistrar kAvgRankClip({
    .name = "avg_rank_clip",
    .better = Better::kLow,
    .formula = "(1/T) sum c, c = min(r, 100)",
    .source = "arXiv 2601.14249 table 14",
    .fold = [](const FoldInput& in, double) { return TokenMean(in.row.sum_rank_clip, in.row); },
});

}  // namespace
}  // namespace rsr
