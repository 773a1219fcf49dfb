// Local surprisal: each reasoning step given only the steps right before it.
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kLocalSurprisal({
    .name = "local_surprisal",
    .better = Better::kLow,
    .formula = "(1/T) sum -ln p(token | the k steps before its own, its step so far)",
    .source = "arXiv 2601.14249 eq. 11",
    .fold =
        [](const FoldInput& in, double) {
          return in.passes ? TokenMean(in.passes->sum_local_surprisal, in.row) : Parts{};
        },
    .pass = "local_surprisal",
});

const MetricRegistrar kLalp({
    .name = "lalp",
    .better = Better::kHigh,
    .formula = "mean over steps of the step's mean ln p, p as in local_surprisal",
    .source = "arXiv 2510.03988 eq. 2",
    .fold =
        [](const FoldInput& in, double) {
          if (in.passes == nullptr || in.row.scored_tokens == 0) return Parts{};
          return Parts{-in.passes->mean_step_surprisal, 1};
        },
    .pass = "local_surprisal",
});

}  // namespace
}  // namespace rsr
