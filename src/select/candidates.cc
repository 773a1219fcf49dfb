#include "select/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "base/filter.h"
#include "metrics/no_value.h"
#include "rsr/error.h"
#include "rsr/thousands.h"

namespace rsr {
namespace {

// Which clause is to blame.
[[noreturn]] void NothingLeft(const ScoredRows& data, const Candidates& none,
                              const SelectOptions& options, const Filter& filter,
                              const RowColumns& columns) {
  std::string what = fmt::format("nothing to select: of {} rows", Thousands(std::ssize(data.rows)));
  if (!options.where.empty())
    what += fmt::format(" {} are filtered out,", Thousands(none.filtered_out));
  if (options.correct_only)
    what += fmt::format(" {} labelled wrong,", Thousands(none.labelled_wrong));
  what += fmt::format(" {} without a value of {}", Thousands(none.without_value),
                      data.metrics.front()->name);
  std::string hint;
  for (const std::string& text : filter.clauses()) {
    const Filter clause(text);
    const auto passes = std::count_if(data.rows.begin(), data.rows.end(), [&](const auto& row) {
      return clause.Accepts([&](const std::string& name) { return columns.Get(name, row); });
    });
    hint +=
        fmt::format("{}`{}` alone holds for {}", hint.empty() ? "" : ", ", text, Thousands(passes));
  }
  for (const std::string& name : filter.names()) {
    const bool empty = std::all_of(data.rows.begin(), data.rows.end(), [&](const auto& row) {
      return columns.Get(name, row).index() == 0;
    });
    if (empty) hint += fmt::format("; no row has a value of `{}`", name);
  }
  if (none.without_value > 0) {
    if (!hint.empty()) hint += "; ";
    hint += NoValueHint(*data.metrics.front());
  }
  throw Error(what, hint);
}

// "row 'ID' (FILE:LINE)".
std::string NameOf(const ScoredRows& data, const ScoredRow& row) {
  return fmt::format("row '{}' ({}:{})", row.id, data.runs[row.run].info.inputs.at(row.file).path,
                     row.line);
}

bool Accepts(const Filter& filter, const RowColumns& columns, const ScoredRows& data,
             const ScoredRow& row, const std::string& text) {
  try {
    return filter.Accepts([&](const std::string& name) { return columns.Get(name, row); });
  } catch (const Error& error) {
    throw Error(fmt::format("filter `{}`: {}: {}", text, NameOf(data, row), error.message()),
                error.hint());
  }
}

void CheckLabelled(const ScoredRows& data, const ScoredRow& row) {
  if (row.correct.has_value()) return;
  throw Error(fmt::format("{} has no label `correct`, so it cannot be known whether it is correct",
                          NameOf(data, row)),
              "give every row a field \"correct\": true or false and score again, or leave rows "
              "without a label out: --where correct");
}

// Problems, ranks and the order; `rows` come in input order.
void Rank(bool low, Candidates& found) {
  std::vector<int64_t> size(found.problems), rank(found.problems);
  for (const Candidate& row : found.rows) ++size[row.problem];
  std::stable_sort(found.rows.begin(), found.rows.end(),
                   [low](const Candidate& a, const Candidate& b) {
                     return low ? a.value < b.value : a.value > b.value;
                   });
  for (Candidate& row : found.rows) {
    row.rank = ++rank[row.problem];
    row.candidates = size[row.problem];
  }
}

}  // namespace

Candidates FindCandidates(const ScoredRows& data, const SelectOptions& options) {
  const Filter filter = options.where.empty() ? Filter() : Filter(options.where);
  const RowColumns columns(data, filter.names());
  Candidates found;
  std::unordered_map<std::string_view, size_t> problems;
  for (size_t i = 0; i < data.rows.size(); ++i) {
    const ScoredRow& row = data.rows[i];
    if (!Accepts(filter, columns, data, row, options.where)) {
      ++found.filtered_out;
      continue;
    }
    if (options.correct_only) CheckLabelled(data, row);
    if (options.correct_only && !*row.correct) {
      ++found.labelled_wrong;
    } else if (!row.parts.front().has_value() || std::isnan(data.Value(row))) {
      ++found.without_value;
    } else {
      const size_t problem = problems.emplace(row.problem_id, problems.size()).first->second;
      found.rows.push_back({.index = i, .value = data.Value(row), .problem = problem});
      found.tokens += row.scored_tokens;
    }
  }
  if (found.rows.empty()) NothingLeft(data, found, options, filter, columns);
  found.problems = static_cast<int64_t>(problems.size());
  Rank(data.metrics.front()->better == Better::kLow, found);
  return found;
}

}  // namespace rsr
