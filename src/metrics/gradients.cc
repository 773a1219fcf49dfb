// Metrics of the loss gradients at the student's output, without those of its other weights.
#include "metrics/gradient_sets.h"
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kGnormHead({
    .name = "gnorm_head",
    .better = Better::kLow,
    .formula = "|dL/dW|, L the mean surprisal, W the output matrix: the head-only G-Norm",
    .source = "arXiv 2601.14249 table 4",
    .fold =
        [](const FoldInput& in, double) {
          if (in.passes == nullptr || in.row.scored_tokens == 0) return Parts{};
          return Parts{in.passes->gnorm_head, 1};
        },
    .pass = "gradients",
});

const MetricRegistrar kGnormHidden({
    .name = "gnorm_hidden",
    .better = Better::kLow,
    .formula = "(1/T) sum |ds/dh|, h the final hidden state",
    .source = "-",
    .fold =
        [](const FoldInput& in, double) {
          if (in.passes == nullptr || in.row.scored_tokens == 0) return Parts{};
          return Parts{in.passes->gnorm_hidden, 1};
        },
    .pass = "gradients",
});

const MetricRegistrar kGraceHead({
    .name = "grace_head",
    .better = Better::kLow,
    .formula = "of a group: tr(K_train^-1 K_test) of projected dL/dW, mean of 10 splits by problem",
    .source = "arXiv 2511.02833 (of all weights there)",
    .pass = "gradients",
    .of_gradients = Grace,
});

const MetricRegistrar kGvendiHead({
    .name = "gvendi_head",
    .better = Better::kHigh,
    .formula = "of a group: exp of the entropy of the eigenvalues of normalised dL/dW's kernel",
    .source = "arXiv 2505.20161 (of all weights there)",
    .pass = "gradients",
    .of_gradients = Gvendi,
});

}  // namespace
}  // namespace rsr
