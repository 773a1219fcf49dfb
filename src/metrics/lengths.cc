// How long a trajectory is, and whether all of it was scored.
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kTokens({
    .name = "tokens",
    .formula = "T, the number of scored tokens",
    .source = "-",
    .fold =
        [](const FoldInput& in, double) {
          return Parts{static_cast<double>(in.row.scored_tokens), 1};
        },
    .decimals = 1,
    .quantiles = true,
});

const MetricRegistrar kChars({
    .name = "chars",
    .formula = "characters (code points) of the scored text",
    .source = "-",
    .fold =
        [](const FoldInput& in, double) {
          return Parts{static_cast<double>(in.text().chars), 1};
        },
    .columns = FoldInput::kTextColumns,
    .vocabulary = true,
    .decimals = 1,
    .quantiles = true,
});

const MetricRegistrar kWords({
    .name = "words",
    .formula = "words of the scored text: what white space separates",
    .source = "-",
    .fold =
        [](const FoldInput& in, double) {
          return Parts{static_cast<double>(in.text().words), 1};
        },
    .columns = FoldInput::kTextColumns,
    .vocabulary = true,
    .decimals = 1,
    .quantiles = true,
});

const MetricRegistrar kTurns({
    .name = "turns",
    .formula = "assistant turns with scored tokens",
    .source = "-",
    .fold =
        [](const FoldInput& in, double) {
          return Parts{static_cast<double>(in.row.turns), 1};
        },
    .decimals = 1,
    .quantiles = true,
});

const MetricRegistrar kTruncated({
    .name = "truncated",
    .formula = "1 if the end was cut off at the token limit, else 0",
    .source = "-",
    .fold =
        [](const FoldInput& in, double) {
          return Parts{in.row.truncated ? 1.0 : 0.0, 1};
        },
});

}  // namespace
}  // namespace rsr
