// The public function of rsr/select.h.
#include "rsr/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "metrics/scored_rows.h"
#include "rsr/error.h"
#include "select/candidates.h"
#include "select/choose.h"
#include "select/export.h"
#include "select/fitness.h"
#include "select/manifest.h"
#include "select/quotas.h"
#include "select/warnings.h"
#include "store/rejected.h"

namespace rsr {
namespace {

void CheckOptions(const SelectOptions& options) {
  if (options.out.empty()) throw Error("no output directory given", "name a new directory");
  const int64_t limits[] = {options.per_problem, options.top, options.budget_tokens};
  const bool negative =
      std::any_of(std::begin(limits), std::end(limits), [](int64_t limit) { return limit < 0; });
  const bool none =
      std::all_of(std::begin(limits), std::end(limits), [](int64_t limit) { return limit == 0; });
  if (negative || none) {
    throw Error(fmt::format("expected a number of rows per problem, of all rows, or of scored "
                            "tokens, at least 1; got {} per problem, {} of all and {} tokens",
                            options.per_problem, options.top, options.budget_tokens),
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

// The ranking metric first, then those that only the filter and the quotas need.
ScoredRows Load(const SelectOptions& options) {
  const Metric& metric = FindRankingMetric(options.metric);
  std::vector<std::string> names = QuotaColumns(options.quotas);
  if (!options.where.empty()) {
    const Filter filter(options.where);
    names.insert(names.end(), filter.names().begin(), filter.names().end());
  }
  std::vector<const Metric*> metrics = {&metric};
  for (const Metric* named : MetricsNamed(names))
    if (named != &metric) metrics.push_back(named);
  return LoadRows(options.runs, metrics);
}

// Nothing that is taken fits the budget or the quotas.
[[noreturn]] void NothingTaken(const ScoredRows& data, const Candidates& candidates,
                               const Choice& choice, const SelectOptions& options) {
  int32_t shortest = data.rows[candidates.rows.front().index].scored_tokens;
  for (const Candidate& candidate : candidates.rows)
    shortest = std::min(shortest, data.rows[candidate.index].scored_tokens);
  if (choice.passed_over.contains("budget")) {
    throw Error(
        fmt::format("nothing to select: the budget is {} scored tokens, the shortest of {} "
                    "candidates has {}",
                    options.budget_tokens, candidates.rows.size(), shortest));
  }
  throw Error(fmt::format("nothing to select: the quotas leave none of {} candidates",
                          candidates.rows.size()));
}

void CountUnfit(std::vector<RejectedRow> unfit, SelectSummary* summary) {
  std::sort(unfit.begin(), unfit.end(), [](const RejectedRow& a, const RejectedRow& b) {
    return std::pair(a.file, a.line) < std::pair(b.file, b.line);
  });
  summary->unfit = static_cast<int64_t>(unfit.size());
  for (const RejectedRow& row : unfit) {
    if (++summary->unfit_by_reason[row.reason] > 5) continue;
    summary->unfit_examples.push_back(fmt::format("{}:{}: {}", row.file, row.line, row.message));
  }
}

void Summarize(const ScoredRows& data, const Candidates& candidates, const QuotaGroups& quotas,
               const Choice& choice, SelectSummary* summary) {
  summary->selected = static_cast<int64_t>(choice.picks.size());
  summary->selected_tokens = choice.tokens;
  summary->candidates = static_cast<int64_t>(candidates.rows.size());
  summary->problems = candidates.problems;
  const auto left_out = [&](const char* reason, int64_t n) {
    if (n > 0) summary->left_out_by_reason[reason] = n;
    summary->left_out += n;
  };
  left_out("where", candidates.filtered_out);
  left_out("labelled-wrong", candidates.labelled_wrong);
  left_out("no-value", candidates.without_value);
  summary->passed_over = choice.passed_over;
  const auto limit = [](int64_t n) { return n == QuotaGroups::kNoLimit ? int64_t{-1} : n; };
  for (const QuotaGroups::Group& group : quotas.groups) {
    summary->quotas.push_back(
        {group.name, limit(group.max_rows), limit(group.max_tokens), group.candidates});
  }
  for (const Candidate& pick : choice.picks) {
    const ScoredRow& row = data.rows[pick.index];
    ++summary->by_teacher[row.teacher];
    if (quotas.of_row.empty()) continue;
    for (const size_t g : quotas.of_row[pick.index]) {
      ++summary->quotas[g].rows;
      summary->quotas[g].tokens += row.scored_tokens;
    }
  }
}

// Chooses until every chosen row can be written, or once.
Choice ChooseFit(const Candidates& candidates, const ScoredRows& data, Rules rules,
                 bool replace_unfit, Fitness& fitness) {
  rules.unfit = &fitness.unfit();
  Choice choice = Choose(candidates.rows, data, rules);
  while (!fitness.Check(choice.picks)) {
    if (replace_unfit) {
      choice = Choose(candidates.rows, data, rules);
    } else {
      Drop(choice, data, fitness.unfit());
    }
  }
  if (rules.per_problem > 0) SortByProblem(choice.picks);
  return choice;
}

}  // namespace

SelectSummary Select(const SelectOptions& options) {
  CheckOptions(options);
  const std::filesystem::path out(options.out);
  SelectSummary summary{.data_file = (out / DataFileName(options.format)).string(),
                        .manifest_file = (out / "manifest.json").string()};
  CheckFree(summary, options.out);
  const ScoredRows data = Load(options);
  const Candidates candidates = FindCandidates(data, options);
  QuotaGroups quotas = FindGroups(options.quotas, data, candidates);
  Rules rules{.per_problem = options.per_problem, .top = options.top};
  // A share is of what would be taken without quotas.
  const auto rows = static_cast<int64_t>(Choose(candidates.rows, data, rules).picks.size());
  SetShares(quotas, rows, std::min(options.budget_tokens, candidates.tokens));
  rules.budget_tokens = options.budget_tokens;
  rules.quotas = &quotas;
  const Choice wanted = Choose(candidates.rows, data, rules);
  if (wanted.picks.empty()) NothingTaken(data, candidates, wanted, options);
  MakeDirectories(options.out);
  InputFiles files(data);
  Fitness fitness(data, options.format, files, summary.data_file + ".records");
  const Choice choice = ChooseFit(candidates, data, rules, options.replace_unfit, fitness);
  CountUnfit(fitness.rejected(), &summary);
  if (summary.unfit > 0)
    WriteFileAtomic((out / "rejected.jsonl").string(), RejectedToJsonl(fitness.rejected()));
  if (choice.picks.empty()) {
    throw Error(fmt::format("none of the {} chosen rows can be written in this format: {}",
                            summary.unfit, summary.unfit_examples.front()),
                "rejected.jsonl in the output directory names them all; the formats jsonl and "
                "original take every row");
  }
  WriteExport(data, options.format, files, options.out, choice.picks);
  Summarize(data, candidates, quotas, choice, &summary);
  summary.warnings = Warnings(options, candidates, choice);
  WriteFileAtomic(summary.manifest_file, Manifest(data, options, choice, summary));
  return summary;
}

}  // namespace rsr
