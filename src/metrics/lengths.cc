// How long a trajectory is, and whether all of it was scored.
#include "metrics/metric.h"

namespace rsr {
namespace {

const MetricRegistrar kTokens({
    .name = "tokens",
    .formula = "T, the number of scored tokens",
    .source = "-",
    .fold =
        [](const RunRow& row) {
          return Parts{static_cast<double>(row.scored_tokens), 1};
        },
    .decimals = 1,
    .quantiles = true,
});

const MetricRegistrar kTurns({
    .name = "turns",
    .formula = "assistant turns with scored tokens",
    .source = "-",
    .fold =
        [](const RunRow& row) {
          return Parts{static_cast<double>(row.turns), 1};
        },
    .decimals = 1,
    .quantiles = true,
});

const MetricRegistrar kTruncated({
    .name = "truncated",
    .formula = "1 if the end was cut off at the token limit, else 0",
    .source = "-",
    .fold =
        [](const RunRow& row) {
          return Parts{row.truncated ? 1.0 : 0.0, 1};
        },
});

}  // namespace
}  // namespace rsr
