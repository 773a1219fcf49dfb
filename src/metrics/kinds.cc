// Which part of a trajectory's scored tokens is reasoning, answer or tool call.
#include "metrics/metric.h"

namespace rsr {
namespace {

// The codes of the column `kind`: docs/formats.md.
enum : uint8_t { kAnswer = 0, kReasoning = 1, kToolCall = 2 };

template <uint8_t kind>
Parts ShareOf(const FoldInput& in, double) {
  const std::vector<uint8_t>& kinds = in.row.tokens.kind;
  return TokenMean(static_cast<double>(CountEqual(kinds.data(), kind, kinds.size())), in.row);
}

const MetricRegistrar kReasoningShare({
    .name = "reasoning_share",
    .formula = "share of the tokens that are reasoning",
    .source = "-",
    .fold = ShareOf<kReasoning>,
    .columns = RunReader::kKind,
});

const MetricRegistrar kAnswerShare({
    .name = "answer_share",
    .formula = "share of the tokens that are answer",
    .source = "-",
    .fold = ShareOf<kAnswer>,
    .columns = RunReader::kKind,
});

const MetricRegistrar kToolShare({
    .name = "tool_share",
    .formula = "share of the tokens that are tool calls",
    .source = "-",
    .fold = ShareOf<kToolCall>,
    .columns = RunReader::kKind,
});

}  // namespace
}  // namespace rsr
