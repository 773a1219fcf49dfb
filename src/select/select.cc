// The public function of rsr/select.h.
#include "rsr/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "base/file.h"
#include "metrics/joined_columns.h"
#include "metrics/scored_rows.h"
#include "rsr/error.h"
#include "select/candidates.h"
#include "select/choose.h"
#include "select/composition.h"
#include "select/controls.h"
#include "select/export.h"
#include "select/fitness.h"
#include "select/manifest.h"
#include "select/near_duplicates.h"
#include "select/quotas.h"
#include "select/warnings.h"
#include "select/weights.h"
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
  const DedupOptions& dedup = options.dedup;
  if (!(dedup.jaccard >= 0 && dedup.jaccard <= 1) || dedup.shingle < 1 || dedup.permutations < 1 ||
      dedup.permutations > 4096) {
    throw Error(fmt::format("near-duplicates: expected a similarity from 0 to 1, shingles of 1 or "
                            "more tokens and 1 to 4096 permutations; got {}, {} and {}",
                            dedup.jaccard, dedup.shingle, dedup.permutations),
                "for example 0.8, 5 and 128");
  }
  for (size_t i = 0; i < options.controls.size(); ++i) {
    if (std::count(options.controls.begin(), options.controls.end(), options.controls[i]) == 1)
      continue;
    throw Error(fmt::format("the control {} is named twice", ControlName(options.controls[i])),
                "name each once; other draws come from another seed");
  }
}

// The manifest is written last: a directory with only a data file is a selection that was
// interrupted.
void CheckFree(const SelectSummary& summary, const std::string& out) {
  const std::string folder = out.empty() || out.back() == '/' ? out : out + "/";
  std::vector<std::string> files = {summary.data_file, summary.manifest_file};
  for (const char* name : kFilesBeside) files.push_back(folder + name);
  files.push_back(folder + kControlsFolder);
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
  if (quotas.of_row.empty()) return;
  for (const Candidate& pick : choice.picks) {
    const ScoredRow& row = data.rows[pick.index];
    for (const size_t g : quotas.of_row[pick.index]) {
      ++summary->quotas[g].rows;
      summary->quotas[g].tokens += row.scored_tokens;
    }
  }
}

// Chooses until every chosen row can be written, or once.
Choice ChooseFit(const Candidates& candidates, const ScoredRows& data, const Rules& rules,
                 bool replace_unfit, Fitness& fitness) {
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

// The selection or a control.
struct Set {
  std::string name, folder;
  std::vector<Candidate> picks;
  std::vector<RejectedRow> rejected;  // drawn, but unfit
};

Set DrawFit(Control control, const Candidates& candidates, const Set& selection,
            const ScoredRows& data, const Rules& rules, uint64_t seed, Fitness& fitness) {
  const size_t before = fitness.rejected().size();
  Set set{.name = ControlName(control)};
  set.folder = (std::filesystem::path(selection.folder) / kControlsFolder / set.name).string();
  do set.picks = DrawControl(control, candidates, selection.picks, data, rules, seed);
  while (!fitness.Check(set.picks));
  if (rules.per_problem > 0) SortByProblem(set.picks);
  const std::vector<RejectedRow>& all = fitness.rejected();
  set.rejected.assign(all.begin() + static_cast<ptrdiff_t>(before), all.end());
  return set;
}

void ComposeSets(const ScoredRows& data, const Candidates& candidates, const std::vector<Set>& sets,
                 SelectSummary* summary) {
  std::unordered_set<size_t> selected;
  for (const Candidate& pick : sets.front().picks) selected.insert(pick.index);
  summary->sets.push_back(Compose(kCandidates, data, candidates.rows, selected));
  for (const Set& set : sets) summary->sets.push_back(Compose(set.name, data, set.picks, selected));
}

void WriteRejected(const Set& set) {
  if (set.rejected.empty()) return;
  WriteFileAtomic(set.folder + "/rejected.jsonl", RejectedToJsonl(set.rejected));
}

}  // namespace

SelectSummary Select(const SelectOptions& options) {
  const JoinedColumns joined(options.join);
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
  std::optional<Signatures> signatures;
  if (options.dedup.jaccard > 0) {
    signatures.emplace(data, candidates, options.dedup, options.seed);
    rules.signatures = &*signatures;
  }
  const Choice wanted = Choose(candidates.rows, data, rules);
  if (wanted.picks.empty()) NothingTaken(data, candidates, wanted, options);

  MakeDirectories(options.out);
  RunInputs files(data);
  Fitness fitness(data, options.format, files, summary.data_file + ".records");
  rules.unfit = &fitness.unfit();
  const Choice choice = ChooseFit(candidates, data, rules, options.replace_unfit, fitness);
  std::vector<Set> sets = {{kSelected, options.out, choice.picks, fitness.rejected()}};
  CountUnfit(fitness.rejected(), &summary);
  if (choice.picks.empty()) {
    WriteRejected(sets.front());
    throw Error(fmt::format("none of the {} chosen rows can be written in this format: {}",
                            summary.unfit, summary.unfit_examples.front()),
                "rejected.jsonl in the output directory names them all; the formats jsonl and "
                "original take every row");
  }
  for (const Control control : options.controls) {
    sets.push_back(DrawFit(control, candidates, sets.front(), data, rules, options.seed, fitness));
  }
  if (options.chi2_weights)
    SetChi2Weights(sets.front().picks, candidates, data.metrics.front()->better);
  Summarize(data, candidates, quotas, choice, &summary);
  ComposeSets(data, candidates, sets, &summary);
  summary.warnings = data.warnings;
  for (std::string& warning : Warnings(options, candidates, choice, summary))
    summary.warnings.push_back(std::move(warning));
  for (const Set& set : sets) {
    MakeDirectories(set.folder);
    WriteRejected(set);
    WriteExport(data, options.format, files, set.folder, set.picks);
  }
  // The selection's own last: it says that everything is there.
  for (auto set = sets.rbegin(); set != sets.rend(); ++set) {
    WriteFileAtomic(set->folder + "/manifest.json",
                    Manifest(data, options, summary, set->name, set->folder, set->picks, choice));
  }
  return summary;
}

}  // namespace rsr
