// Rank-Surprisal Ratio, the paper's metric (arXiv 2601.14249), and its plain mean over
// trajectories.
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kRsr({
    .name = "rsr",
    .better = Better::kLow,
    .formula = "sum c / sum s; of a group: sum of the trajectories' mean c / sum of their mean s",
    .source = "arXiv 2601.14249 eq. 7, eq. 9",
    .fold =
        [](const RunRow& row) {
          if (row.scored_tokens == 0) return Parts{};
          return Parts{row.sum_rank_clip / row.scored_tokens,
                       row.sum_surprisal / row.scored_tokens};
        },
});

const MetricRegistrar kRsrSimple({
    .name = "rsr_simple",
    .better = Better::kLow,
    .formula = "sum c / sum s; of a group: the mean of that over trajectories",
    .source = "arXiv 2601.14249 table 14",
    .fold =
        [](const RunRow& row) {
          if (row.scored_tokens == 0) return Parts{};
          return Parts{row.sum_rank_clip / row.sum_surprisal, 1};
        },
});

}  // namespace
}  // namespace rsr
