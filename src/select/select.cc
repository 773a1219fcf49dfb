// The public function of rsr/select.h.
#include "rsr/select.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "metrics/scored_rows.h"
#include "rsr/error.h"
#include "select/choose.h"
#include "select/manifest.h"
#include "select/records.h"

namespace rsr {
namespace {

void CheckOptions(const SelectOptions& options) {
  if (options.out.empty()) throw Error("no output directory given", "name a new directory");
  const bool one = (options.per_problem == 0) != (options.top == 0);
  if (!one || options.per_problem < 0 || options.top < 0) {
    throw Error(fmt::format("expected either a number of rows per problem or a number of all rows, "
                            "at least 1; got {} "
                            "per problem and {} of all",
                            options.per_problem, options.top),
                "for example 1 per problem");
  }
}

// The manifest is written last: a directory with only a selected.jsonl is a selection that was
// interrupted.
void CheckFree(const SelectSummary& summary, const std::string& out) {
  for (const std::string& file : {summary.data_file, summary.manifest_file}) {
    std::error_code unknown;
    if (!std::filesystem::exists(file, unknown)) continue;
    throw Error(fmt::format("{} already holds a selection ({})", out, file),
                "choose another directory or remove it");
  }
}

}  // namespace

SelectSummary Select(const SelectOptions& options) {
  CheckOptions(options);
  const Metric& metric = FindRankingMetric(options.metric);
  const std::filesystem::path out(options.out);
  SelectSummary summary{.data_file = (out / "selected.jsonl").string(),
                        .manifest_file = (out / "manifest.json").string()};
  CheckFree(summary, options.out);
  const ScoredRows data = LoadRows(options.runs, {&metric});
  const Choice choice = Choose(data, options);
  if (choice.picks.empty()) {
    throw Error(fmt::format("nothing to select: {} rows labelled wrong, {} without a value of {}",
                            choice.labelled_wrong, choice.without_value, metric.name));
  }
  summary.selected = static_cast<int64_t>(choice.picks.size());
  summary.candidates = choice.candidates;
  summary.problems = choice.problems;
  summary.left_out = choice.labelled_wrong + choice.without_value;
  for (const Choice::Pick& pick : choice.picks) ++summary.by_teacher[data.rows[pick.index].teacher];
  MakeDirectories(options.out);
  WriteRecords(data, choice, summary.data_file);
  WriteFileAtomic(summary.manifest_file, Manifest(data, options, choice, summary));
  return summary;
}

}  // namespace rsr
