// Diagnostics of degenerate loops. Their tokens are nearly certain, so that the metrics of
// surprisal and rank say little about them: they must be seen.
#include <algorithm>

#include "metrics/metric.h"

namespace rsr {
namespace {

// Turns: stretches of scored text. One is a no-op that is nothing but white space or says token by
// token what the one before said.
int64_t NoopTurns(const FoldInput& in) {
  const TokenColumns& tokens = in.row.tokens;
  const auto ids = tokens.token_id.begin();
  const uint8_t* marks = in.text().marks.get();
  int64_t noops = 0;
  size_t before = 0, begin = 0;  // of the turn before, and of this one
  for (const size_t end : in.stretches()) {
    const bool blank =
        std::all_of(marks + begin, marks + end, [](uint8_t mark) { return mark & kBlank; });
    const bool same = std::equal(ids + begin, ids + end, ids + before, ids + begin);
    noops += blank || same;
    before = begin;
    begin = end;
  }
  return noops;
}

const MetricRegistrar kRepeated8Grams({
    .name = "repeated_8grams",
    .formula = "share of the 8-grams of tokens that stood before in the trajectory",
    .source = "-",
    .fold =
        [](const FoldInput& in, double) {
          const Repetition& found = in.repetition();
          if (found.grams == 0) return Parts{};
          return Parts{static_cast<double>(found.repeated) / static_cast<double>(found.grams), 1};
        },
    .columns = FoldInput::kTextColumns,
});

const MetricRegistrar kLongestRepetition({
    .name = "longest_repetition",
    .formula = "tokens of the longest stretch that repeats what is right before it",
    .source = "-",
    .fold =
        [](const FoldInput& in, double) {
          return in.row.scored_tokens > 0 ? Parts{static_cast<double>(in.repetition().longest), 1}
                                          : Parts{};
        },
    .columns = FoldInput::kTextColumns,
    .decimals = 1,
});

const MetricRegistrar kNoopTurns({
    .name = "noop_turns",
    .formula = "turns of nothing but white space, or token by token the same as the one before",
    .source = "-",
    .fold =
        [](const FoldInput& in, double) {
          return in.row.scored_tokens > 0 ? Parts{static_cast<double>(NoopTurns(in)), 1} : Parts{};
        },
    .columns = FoldInput::kTextColumns,
    .vocabulary = true,
});

}  // namespace
}  // namespace rsr
