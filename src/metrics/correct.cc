// The label that came with the data; its mean over a group is the accuracy.
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kCorrect({
    .name = "correct",
    .better = Better::kHigh,
    .formula = "1 if labelled correct, 0 if labelled wrong; none without a label",
    .source = "arXiv 2601.14249 table 4",
    .fold =
        [](const FoldInput& in, double) {
          return in.row.correct.has_value() ? Parts{*in.row.correct ? 1.0 : 0.0, 1} : Parts{};
        },
});

}  // namespace
}  // namespace rsr
