// Rows by teacher and problem, and what about them weakens a ranking.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/rank_teachers.h"
#include "rsr/thousands.h"

namespace rsr {
Grouped GroupTeachers(const ScoredRows& data, const Rows& rows) {
  std::map<std::string, Teacher> by_name;
  std::map<std::string, size_t> problems;  // numbered in order of first appearance
  for (const ScoredRow* at : rows) {
    const ScoredRow& row = *at;
    Teacher& teacher = by_name[row.teacher];
    teacher.name = row.teacher;
    teacher.tokens.Add(row.scored_tokens);
    ++teacher.trajectories;
    if (row.truncated) ++teacher.truncated;
    if (row.correct.has_value()) ++teacher.labelled;
    if (row.correct.value_or(false)) ++teacher.correct;
    const Parts& parts = row.parts.front();
    if (!parts.has_value()) continue;
    if (!std::isfinite(data.Value(row))) ++teacher.infinite;
    teacher.sum.Add(parts);
    const size_t problem = problems.emplace(row.problem_id, problems.size()).first->second;
    teacher.by_problem[problem].Add(parts);
  }
  Grouped grouped{.problems = problems.size()};
  for (auto& [name, teacher] : by_name) grouped.teachers.push_back(std::move(teacher));
  return grouped;
}

PairedParts Pair(const Grouped& grouped) {
  PairedParts paired{.problems = grouped.problems, .groups = grouped.teachers.size()};
  paired.cells.resize(paired.problems * paired.groups);
  for (size_t g = 0; g < paired.groups; ++g) {
    for (const auto& [problem, sum] : grouped.teachers[g].by_problem)
      paired.at(problem, g) = sum.parts();
  }
  return paired;
}

std::vector<std::string> TeacherWarnings(const Grouped& grouped, const std::string& metric) {
  std::vector<std::string> warnings;
  const std::vector<Teacher>& teachers = grouped.teachers;
  if (teachers.size() == 1) {
    warnings.push_back(fmt::format("only one teacher ('{}'): there is nothing to compare it with",
                                   teachers[0].name));
  }
  if (grouped.problems < kFewProblems) {
    warnings.push_back(fmt::format("only {} problem{}: the intervals and P(best) say little",
                                   grouped.problems, grouped.problems == 1 ? "" : "s"));
  }
  size_t shared = 0;
  for (size_t p = 0; p < grouped.problems; ++p) {
    shared += std::all_of(teachers.begin(), teachers.end(),
                          [&](const Teacher& teacher) { return teacher.by_problem.contains(p); });
  }
  if (shared < grouped.problems) {
    warnings.push_back(
        fmt::format("{} of {} problems have a value for every teacher: part of a difference "
                    "between teachers may be a "
                    "difference between problems",
                    Thousands(static_cast<int64_t>(shared)),
                    Thousands(static_cast<int64_t>(grouped.problems))));
  }
  int64_t labelled = 0, trajectories = 0, truncated = 0, infinite = 0;
  for (const Teacher& teacher : teachers) {
    labelled += teacher.labelled;
    truncated += teacher.truncated;
    trajectories += teacher.trajectories;
    infinite += teacher.infinite;
  }
  if (labelled > 0 && labelled < trajectories) {
    warnings.push_back(fmt::format(
        "{} of {} trajectories have no label `correct`: accuracy counts only the others",
        Thousands(trajectories - labelled), Thousands(trajectories)));
  }
  if (truncated > 0) {
    const auto share = [](const Teacher& teacher) {
      return static_cast<double>(teacher.truncated) / static_cast<double>(teacher.trajectories);
    };
    const Teacher& most =
        *std::max_element(teachers.begin(), teachers.end(),
                          [&](const Teacher& a, const Teacher& b) { return share(a) < share(b); });
    warnings.push_back(fmt::format(
        "{} of {} trajectories were cut by --max-tokens and count with their beginning only; most "
        "of '{}': {} of {}",
        Thousands(truncated), Thousands(trajectories), most.name, Thousands(most.truncated),
        Thousands(most.trajectories)));
  }
  if (infinite > 0) {
    warnings.push_back(fmt::format("{} of {} trajectories have an infinite or undefined {}",
                                   Thousands(infinite), Thousands(trajectories), metric));
  }
  return warnings;
}

}  // namespace rsr
