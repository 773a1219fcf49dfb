#include "select/warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "rsr/thousands.h"

namespace rsr {
namespace {

std::string PassedOver(const Choice& choice) {
  std::string rules;
  for (const auto& [rule, n] : choice.passed_over)
    rules += fmt::format("{}{} {}", rules.empty() ? "" : ", ", Thousands(n), rule);
  return rules;
}

// What was taken instead of what was asked for.
std::string Rest(const Candidates& candidates, const Choice& choice) {
  const std::string taken = fmt::format(
      "{} of {} candidates were taken, {} scored tokens", Thousands(std::ssize(choice.picks)),
      Thousands(std::ssize(candidates.rows)), Thousands(choice.tokens));
  return choice.passed_over.empty()
             ? taken
             : fmt::format("{} (passed over: {})", taken, PassedOver(choice));
}

}  // namespace

std::vector<std::string> Warnings(const SelectOptions& options, const Candidates& candidates,
                                  const Choice& choice, const SelectSummary& summary) {
  std::vector<std::string> warnings;
  const int64_t most = std::max_element(candidates.rows.begin(), candidates.rows.end(),
                                        [](const Candidate& a, const Candidate& b) {
                                          return a.candidates < b.candidates;
                                        })
                           ->candidates;
  if (options.per_problem > 0 && most <= options.per_problem) {
    warnings.push_back(
        fmt::format("no problem has more than {} candidate{}: the best {} of each is all there is",
                    Thousands(most), most == 1 ? "" : "s", Thousands(options.per_problem)));
  }
  std::unordered_set<size_t> covered;
  for (const Candidate& pick : choice.picks) covered.insert(pick.problem);
  const int64_t bare = candidates.problems - static_cast<int64_t>(covered.size());
  if (options.per_problem > 0 && options.top == 0 && options.budget_tokens == 0 && bare > 0)
    warnings.push_back(
        fmt::format("{} of {} problems have no row in the selection (candidates passed over: {})",
                    Thousands(bare), Thousands(candidates.problems), PassedOver(choice)));
  const auto taken = static_cast<int64_t>(choice.picks.size());
  if (options.top > taken && !choice.passed_over.contains("budget"))
    warnings.push_back(fmt::format("fewer than the {} rows asked for: {}", Thousands(options.top),
                                   Rest(candidates, choice)));
  if (options.budget_tokens > 0 && !choice.passed_over.contains("budget") &&
      !choice.passed_over.contains("top")) {
    warnings.push_back(
        fmt::format("the budget of {} scored tokens is larger than what there is: {}",
                    Thousands(options.budget_tokens), Rest(candidates, choice)));
  }
  for (const std::string& text : options.quotas) {
    const std::string column = ParseQuota(text).column + ":";
    if (std::none_of(summary.quotas.begin(), summary.quotas.end(), [&](const auto& quota) {
          return quota.group.starts_with(column) && quota.candidates > 0;
        }))
      warnings.push_back(
          fmt::format("the quota {} limits nothing: no candidate has one of its values", text));
  }
  if (options.chi2_weights && options.format == ExportFormat::kOriginal)
    warnings.push_back("the original records have no place for weights: they are in the manifest");
  for (size_t i = 2; i < summary.sets.size(); ++i) {
    const Composition& control = summary.sets[i];
    if (control.also_selected < control.rows) continue;
    warnings.push_back(fmt::format(
        "the control {} has only rows of the selection: the candidates leave nothing else",
        control.name));
  }
  return warnings;
}

}  // namespace rsr
