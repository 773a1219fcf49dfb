// Average surprisal; GRAPE picks the response where it is lowest.
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kAvgSurprisal({
    .name = "avg_surprisal",
    .better = Better::kLow,
    .formula = "(1/T) sum s, nats",
    .source = "arXiv 2601.14249 eq. 10; arXiv 2502.04194",
    .fold = [](const RunRow& row) { return TokenMean(row.sum_surprisal, row); },
});

}  // namespace
}  // namespace rsr
