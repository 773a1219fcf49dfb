// The public function of rsr/select.h.
#include "rsr/select.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "metrics/scored_rows.h"
#include "rsr/error.h"
#include "select/choose.h"
#include "select/export.h"
#include "select/manifest.h"
#include "store/rejected.h"

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

// The manifest is written last: a directory with only a data file is a selection that was
// interrupted.
void CheckFree(const SelectSummary& summary, const std::string& out) {
  const std::string folder = out.empty() || out.back() == '/' ? out : out + "/";
  std::vector<std::string> files = {summary.data_file, summary.manifest_file};
  for (const char* name : kFilesBeside) files.push_back(folder + name);
  for (const std::string& file : files) {
    std::error_code unknown;
    if (!std::filesystem::exists(file, unknown)) continue;
    throw Error(fmt::format("{} already holds a selection ({})", out, file),
                "choose another directory or remove it");
  }
}

void CountUnfit(const std::vector<RejectedRow>& unfit, const std::string& out,
                SelectSummary* summary) {
  if (unfit.empty()) return;
  summary->unfit = static_cast<int64_t>(unfit.size());
  for (const RejectedRow& row : unfit) {
    if (++summary->unfit_by_reason[row.reason] > 5) continue;
    summary->unfit_examples.push_back(fmt::format("{}:{}: {}", row.file, row.line, row.message));
  }
  WriteFileAtomic(std::filesystem::path(out) / "rejected.jsonl", RejectedToJsonl(unfit));
}

}  // namespace

SelectSummary Select(const SelectOptions& options) {
  CheckOptions(options);
  const Metric& metric = FindRankingMetric(options.metric);
  const std::filesystem::path out(options.out);
  SelectSummary summary{.data_file = (out / DataFileName(options.format)).string(),
                        .manifest_file = (out / "manifest.json").string()};
  CheckFree(summary, options.out);
  const ScoredRows data = LoadRows(options.runs, {&metric});
  Choice choice = Choose(data, options);
  if (choice.picks.empty()) {
    throw Error(fmt::format("nothing to select: {} rows labelled wrong, {} without a value of {}",
                            choice.labelled_wrong, choice.without_value, metric.name));
  }
  summary.candidates = choice.candidates;
  summary.problems = choice.problems;
  summary.left_out = choice.labelled_wrong + choice.without_value;
  MakeDirectories(options.out);
  CountUnfit(WriteExport(data, options, summary.data_file, choice), options.out, &summary);
  if (choice.picks.empty()) {
    throw Error(fmt::format("none of the {} chosen rows can be written in this format: {}",
                            summary.unfit, summary.unfit_examples.front()),
                "rejected.jsonl in the output directory names them all; the formats jsonl and "
                "original take every row");
  }
  summary.selected = static_cast<int64_t>(choice.picks.size());
  for (const Choice::Pick& pick : choice.picks) ++summary.by_teacher[data.rows[pick.index].teacher];
  WriteFileAtomic(summary.manifest_file, Manifest(data, options, choice, summary));
  return summary;
}

}  // namespace rsr
