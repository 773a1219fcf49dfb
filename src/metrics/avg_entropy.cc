// Average entropy of the student's next-token distributions.
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kAvgEntropy({
    .name = "avg_entropy",
    .better = Better::kLow,
    .formula = "(1/T) sum H, nats",
    .source = "arXiv 2601.14249 table 14",
    .fold = [](const FoldInput& in, double) { return TokenMean(in.row.sum_entropy, in.row); },
});

}  // namespace
}  // namespace rsr
