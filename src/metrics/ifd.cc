// Instruction-following difficulty: how little the prompt helps with the answer.
#include <cmath>

#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kIfd({
    .name = "ifd",
    .better = Better::kHigh,
    .formula = "ppl(answer | prompt) / ppl(answer alone), ppl = exp((1/T) sum s)",
    .source = "arXiv 2308.12032",
    .fold =
        [](const FoldInput& in, double) {
          if (in.passes == nullptr || in.row.scored_tokens == 0) return Parts{};
          const double gain = in.row.sum_surprisal - in.passes->sum_alone_surprisal;
          return Parts{std::exp(gain / in.row.scored_tokens), 1};
        },
    .pass = "ifd",
});

}  // namespace
}  // namespace rsr
