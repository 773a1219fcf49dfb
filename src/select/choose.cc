#include "select/choose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "rsr/error.h"

namespace rsr {
namespace {

// Candidates by problem, problems in order of first appearance among the candidates.
std::vector<std::vector<size_t>> Candidates(const ScoredRows& data, bool correct_only,
                                            Choice& choice) {
  std::vector<std::vector<size_t>> problems;
  std::unordered_map<std::string_view, size_t> number;
  for (size_t i = 0; i < data.rows.size(); ++i) {
    const ScoredRow& row = data.rows[i];
    if (correct_only && !row.correct.has_value()) {
      throw Error(fmt::format("row '{}' ({}:{}) has no label `correct`, so it cannot be known "
                              "whether it is correct",
                              row.id, data.runs[row.run].info.inputs.at(row.file).path, row.line),
                  "give every row a field \"correct\": true or false and score again, or select "
                  "from all rows");
    }
    if (correct_only && !*row.correct) {
      ++choice.labelled_wrong;
    } else if (!row.parts.front().has_value() || std::isnan(data.Value(row))) {
      ++choice.without_value;
    } else {
      const auto [at, is_new] = number.emplace(row.problem_id, problems.size());
      if (is_new) problems.emplace_back();
      problems[at->second].push_back(i);
      ++choice.candidates;
    }
  }
  return problems;
}

}  // namespace

Choice Choose(const ScoredRows& data, const SelectOptions& options) {
  const bool low = data.metrics.front()->better == Better::kLow;
  const auto better = [&](size_t a, size_t b) {
    const double x = data.Value(data.rows[a]), y = data.Value(data.rows[b]);
    return low ? x < y : x > y;
  };
  Choice choice;
  std::vector<std::vector<size_t>> problems = Candidates(data, options.correct_only, choice);
  choice.problems = static_cast<int64_t>(problems.size());
  for (std::vector<size_t>& rows : problems) {
    std::stable_sort(rows.begin(), rows.end(), better);
    for (size_t k = 0; k < rows.size(); ++k) {
      const auto rank = static_cast<int64_t>(k) + 1;
      if (options.per_problem == 0 || rank <= options.per_problem)
        choice.picks.push_back({rows[k], rank, static_cast<int64_t>(rows.size())});
    }
  }
  if (options.top == 0) return choice;
  std::sort(choice.picks.begin(), choice.picks.end(),
            [&](const Choice::Pick& a, const Choice::Pick& b) {
              return better(a.index, b.index) || (!better(b.index, a.index) && a.index < b.index);
            });
  if (static_cast<int64_t>(choice.picks.size()) > options.top) choice.picks.resize(options.top);
  return choice;
}

}  // namespace rsr
