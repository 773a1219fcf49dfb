// Average surprisal; GRAPE picks the response where it is lowest.
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kAvgSurprisal({
    .name = "avg_surprisal",
    .better = Better::kLow,
    .formula = "(1/T) sum s, nats",
    .source = "arXiv 2601.14249 eq. 10; GRAPE, arXiv 2502.04194",
    .fold = [](const FoldInput& in, double) { return TokenMean(in.row.sum_surprisal, in.row); },
    .alias = "grape",
});

}  // namespace
}  // namespace rsr
