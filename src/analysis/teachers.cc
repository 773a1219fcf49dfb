// Which teacher fits this student, and how sure is that.
#include "rsr/teachers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/interval.h"
#include "analysis/rank_teachers.h"
#include "metrics/joined_columns.h"
#include "metrics/metrics_table.h"
#include "metrics/no_value.h"
#include "rsr/error.h"

namespace rsr {
namespace {

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

TeacherRow MakeRow(const Teacher& teacher, const Metric& metric, const Interval& interval,
                   double p_best) {
  return {.teacher = teacher.name,
          .value = metric.Value(teacher.sum.parts()),
          .low = interval.low,
          .high = interval.high,
          .p_best = p_best,
          .p_next = std::numeric_limits<double>::quiet_NaN(),
          .trajectories = teacher.trajectories,
          .problems = static_cast<int64_t>(teacher.by_problem.size()),
          .mean_tokens = teacher.tokens.value() / static_cast<double>(teacher.trajectories),
          .accuracy = teacher.labelled > 0 ? static_cast<double>(teacher.correct) /
                                                 static_cast<double>(teacher.labelled)
                                           : -1};
}

}  // namespace

bool IsBetter(double a, double b, Better better) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(b) && !std::isnan(a);
  return better == Better::kLow ? a < b : a > b;
}

TeachersReport RankTeachers(const ScoredRows& data, const TeachersOptions& options) {
  const Metric& metric = *data.metrics.front();
  Rows all;
  for (const ScoredRow& row : data.rows) all.push_back(&row);
  const Grouped grouped = GroupTeachers(data, all);
  if (std::all_of(grouped.teachers.begin(), grouped.teachers.end(),
                  [](const Teacher& teacher) { return teacher.by_problem.empty(); })) {
    throw Error(fmt::format("nothing to rank by: none of {} trajectories has a value of '{}'",
                            data.rows.size(), options.metric),
                NoValueHint(metric));
  }
  const BootstrapResult bootstrap =
      PairedBootstrap(Pair(grouped), metric, options.resamples, options.seed);
  TeachersReport report{.metric = options.metric,
                        .confidence = options.confidence,
                        .few_problems = grouped.problems < kFewProblems,
                        .warnings = TeacherWarnings(grouped, options.metric)};
  std::map<std::string, std::vector<double>> values;
  for (size_t g = 0; g < grouped.teachers.size(); ++g) {
    const Teacher& teacher = grouped.teachers[g];
    values[teacher.name] = bootstrap.values[g];
    const Interval interval = ResampledInterval(
        bootstrap.values[g], static_cast<int64_t>(teacher.by_problem.size()), options.confidence);
    report.teachers.push_back(MakeRow(teacher, metric, interval, bootstrap.p_best[g]));
  }
  std::stable_sort(report.teachers.begin(), report.teachers.end(),
                   [&](const TeacherRow& a, const TeacherRow& b) {
                     return IsBetter(a.value, b.value, metric.better);
                   });
  report.pairs = NeighbourPairs(report, values, grouped.problems, metric.better);
  for (size_t i = 0; i < report.pairs.size(); ++i) {
    report.teachers[i].p_next = report.pairs[i].p_order;
  }
  if (report.teachers.size() > 1) {
    SliceBySource(data, options, report);
    SliceByLength(data, options, report);
    if (options.details) MatchLengths(data, options, report);
  }
  return report;
}

TeachersReport RankTeachers(const TeachersOptions& options) {
  CheckOptions(options);
  const JoinedColumns joined(options.join);
  const ScoredRows data =
      LoadRows(options.runs, {&FindRankingMetric(options.metric), &FindMetric("repeated_8grams")});
  TeachersReport report = RankTeachers(data, options);
  report.warnings.insert(report.warnings.end(), data.warnings.begin(), data.warnings.end());
  if (const std::string loop = LoopWarning(data); !loop.empty()) report.warnings.push_back(loop);
  if (options.details) FindDuplicates(data, report);
  return report;
}

}  // namespace rsr
