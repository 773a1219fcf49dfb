// One stored trajectory for the terminal.
#include "rsr/inspect.h"

#include <fmt/format.h>

#include <optional>

#include "base/nearest.h"
#include "base/printable.h"
#include "metrics/metric.h"
#include "report/token_text.h"
#include "rsr/error.h"
#include "store/run.h"

namespace rsr {
namespace {

constexpr uint32_t kColumns = RunReader::kSurprisal | RunReader::kRank | RunReader::kEntropy |
                              RunReader::kTop1Id | RunReader::kTokenId | RunReader::kPosition;

// The row with this id, or the first of the input where the id is empty. Looked for among the ids
// alone: a night's run has gigabytes of token columns.
RunRow Find(RunReader& reader, const InspectOptions& options) {
  std::optional<int64_t> wanted;
  std::vector<std::string> ids;
  reader.ForEach(RunReader::kNone, [&](const RunRow& row) {
    if (options.id.empty() ? !wanted || row.row < *wanted : row.id == options.id) wanted = row.row;
    ids.push_back(row.id);
  });
  std::optional<RunRow> found;
  if (wanted) {
    reader.ForEach(
        kColumns, [&](const RunRow& row) { found = row; },
        [&](const RunRow& row) { return row.row == *wanted; });
  }
  if (found) return *std::move(found);
  if (ids.empty()) throw Error(fmt::format("no scored trajectory in {}", options.run));
  const std::string in_run = fmt::format("no trajectory '{}' in {}", options.id, options.run);
  // A run may hold a hundred thousand ids: never all of them in a hint.
  if (NearestNames(options.id, ids).empty()) {
    throw Error(in_run,
                fmt::format("ids there look like '{}'; `rsr metrics {} --by trajectory` lists them",
                            Printable(ids.front()), options.run));
  }
  throw Error(in_run, NearestHint(options.id, ids));
}

std::string Header(const RunRow& row) {
  const VocabTraits no_texts;  // neither metric reads them
  const auto value = [&](const char* name) {
    const Metric& metric = FindMetric(name);
    const Parts parts = metric.fold(FoldInput(row, no_texts), metric.parameter);
    return parts.has_value() ? fmt::format("{:.3f}", metric.Value(parts)) : "-";
  };
  const std::string label = !row.correct ? "" : *row.correct ? "  correct" : "  wrong";
  return fmt::format("{}  teacher {}  problem {}{}  rsr {}  avg_surprisal {}  tokens {}{}\n",
                     Printable(row.id), Printable(row.teacher), Printable(row.problem_id), label,
                     value("rsr"), value("avg_surprisal"), row.scored_tokens,
                     row.truncated ? "  truncated" : "");
}

}  // namespace

std::string Inspect(const InspectOptions& options) {
  const std::unique_ptr<RunReader> reader = RunReader::Open(options.run);
  const RunRow row = Find(*reader, options);
  const std::vector<std::string> vocab = reader->ReadVocab();
  if (options.table)
    return Header(row) + FormatTable(TokenTable(row.tokens, vocab), TableFormat::kText);
  return Header(row) + RatioLegend(options.color) + "\n\n" +
         TokenText(row.tokens, vocab, options.color) + "\n";
}

}  // namespace rsr
