#include "select/composition.h"

#include <algorithm>
#include <string_view>

namespace rsr {

Composition Compose(const std::string& name, const ScoredRows& data,
                    const std::vector<Candidate>& rows,
                    const std::unordered_set<size_t>& selected) {
  Composition made{.name = name, .rows = static_cast<int64_t>(rows.size())};
  std::vector<size_t> order;  // of the input, for a sum that does not depend on the choice
  for (const Candidate& row : rows) order.push_back(row.index);
  std::sort(order.begin(), order.end());
  std::unordered_set<std::string_view> problems;
  PartsSum sum;
  int64_t labelled = 0, correct = 0;
  for (const size_t i : order) {
    const ScoredRow& row = data.rows[i];
    problems.insert(row.problem_id);
    made.scored_tokens += row.scored_tokens;
    labelled += row.correct.has_value();
    correct += row.correct.value_or(false);
    sum.Add(row.parts.front());
    ++made.by_teacher[row.teacher];
    made.also_selected += selected.contains(i);
  }
  made.problems = static_cast<int64_t>(problems.size());
  if (labelled > 0) made.accuracy = static_cast<double>(correct) / static_cast<double>(labelled);
  if (sum.parts().has_value()) made.value = data.metrics.front()->Value(sum.parts());
  return made;
}

}  // namespace rsr
