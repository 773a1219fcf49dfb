// Which teacher fits this student, and how sure is that.
#include "rsr/teachers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/rank_teachers.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// Below this many problems the resamples repeat each other and an interval says little.
constexpr size_t kFewProblems = 10;

struct Teacher {
  std::string name;
  PartsSum sum;
  std::map<size_t, PartsSum> by_problem;
  StableSum tokens;
  int64_t trajectories = 0, labelled = 0, correct = 0, truncated = 0, infinite = 0;
};

struct Grouped {
  std::vector<Teacher> teachers;  // sorted by name
  size_t problems = 0;
};

Grouped Group(const ScoredRows& data) {
  std::map<std::string, Teacher> by_name;
  std::map<std::string, size_t> problems;  // numbered in order of first appearance
  for (const ScoredRow& row : data.rows) {
    const size_t problem = problems.emplace(row.problem_id, problems.size()).first->second;
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

std::vector<std::string> Warnings(const Grouped& grouped, const std::string& metric) {
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
                    shared, grouped.problems));
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
        trajectories - labelled, trajectories));
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
        truncated, trajectories, most.name, most.truncated, most.trajectories));
  }
  if (infinite > 0) {
    warnings.push_back(fmt::format("{} of {} trajectories have an infinite or undefined {}",
                                   infinite, trajectories, metric));
  }
  return warnings;
}

void CheckOptions(const TeachersOptions& options) {
  if (options.resamples < 1) {
    throw Error(fmt::format("bootstrap: expected at least 1 resample, got {}", options.resamples),
                "the default is 2000");
  }
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw Error(fmt::format("confidence must lie between 0 and 1, got {}", options.confidence),
                "the default is 0.95");
  }
}

}  // namespace

TeachersReport RankTeachers(const ScoredRows& data, const TeachersOptions& options) {
  const Metric& metric = *data.metrics.front();
  const Better better = metric.better;
  const Grouped grouped = Group(data);
  const BootstrapResult bootstrap =
      PairedBootstrap(Pair(grouped), metric, options.resamples, options.seed);
  TeachersReport report{.metric = options.metric, .warnings = Warnings(grouped, options.metric)};
  const double tail = (1 - options.confidence) / 2;
  for (size_t g = 0; g < grouped.teachers.size(); ++g) {
    const Teacher& teacher = grouped.teachers[g];
    report.teachers.push_back(
        {.teacher = teacher.name,
         .value = metric.Value(teacher.sum.parts()),
         .low = Quantile(bootstrap.values[g], tail),
         .high = Quantile(bootstrap.values[g], 1 - tail),
         .p_best = bootstrap.p_best[g],
         .trajectories = teacher.trajectories,
         .problems = static_cast<int64_t>(teacher.by_problem.size()),
         .mean_tokens = teacher.tokens.value() / static_cast<double>(teacher.trajectories),
         .accuracy = teacher.labelled > 0 ? static_cast<double>(teacher.correct) /
                                                static_cast<double>(teacher.labelled)
                                          : -1});
  }
  std::stable_sort(report.teachers.begin(), report.teachers.end(),
                   [&](const TeacherRow& a, const TeacherRow& b) {
                     if (std::isnan(a.value) || std::isnan(b.value))
                       return std::isnan(b.value) && !std::isnan(a.value);
                     return better == Better::kLow ? a.value < b.value : a.value > b.value;
                   });
  return report;
}

TeachersReport RankTeachers(const TeachersOptions& options) {
  CheckOptions(options);
  return RankTeachers(LoadRows(options.runs, {&FindRankingMetric(options.metric)}), options);
}

Table TeachersTable(const TeachersReport& report) {
  Table table{.columns = {{"teacher"},
                          {report.metric},
                          {"low"},
                          {"high"},
                          {"p_best"},
                          {"trajectories"},
                          {"problems"},
                          {"mean_tokens", 1},
                          {"accuracy"}}};
  for (const TeacherRow& row : report.teachers) {
    table.rows.push_back({row.teacher, row.value, row.low, row.high, row.p_best, row.trajectories,
                          row.problems, row.mean_tokens,
                          row.accuracy >= 0 ? Cell(row.accuracy) : Cell(std::monostate())});
  }
  return table;
}

}  // namespace rsr
