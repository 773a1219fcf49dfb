#include "analysis/picks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/nearest.h"
#include "metrics/metric.h"
#include "rsr/error.h"

namespace rsr {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Indices into the student's teachers.
std::vector<size_t> Pool(const CorrelateReport::Student& student,
                         const std::vector<std::string>& names) {
  std::vector<size_t> pool;
  for (size_t t = 0; t < student.teachers.size(); ++t) {
    if (names.empty() ||
        std::find(names.begin(), names.end(), student.teachers[t]) != names.end()) {
      pool.push_back(t);
    }
  }
  for (const std::string& name : names) {
    if (std::find(student.teachers.begin(), student.teachers.end(), name) !=
        student.teachers.end()) {
      continue;
    }
    throw Error(fmt::format("the pool names teacher '{}', which student '{}' does not have", name,
                            student.name),
                NearestHint(name, student.teachers));
  }
  return pool;
}

TeacherPick Pick(const CorrelateReport::Student& student, const std::vector<size_t>& pool,
                 const std::vector<double>& values, bool low_is_better) {
  double best_value = values[pool[0]], most = student.performance[pool[0]];
  for (const size_t t : pool) {
    best_value = low_is_better ? std::min(best_value, values[t]) : std::max(best_value, values[t]);
    most = std::max(most, student.performance[t]);
  }
  TeacherPick pick{.student = student.name};
  double sum = 0, count = 0;
  for (const size_t t : pool) {
    if (values[t] != best_value) continue;
    pick.teacher += (pick.teacher.empty() ? "" : ", ") + student.teachers[t];
    sum += student.performance[t];
    ++count;
  }
  pick.regret = most - sum / count;
  return pick;
}

}  // namespace

void SetDirection(MetricCorrelation& metric, Coefficient coefficient) {
  const std::string name = metric.metric.substr(0, metric.metric.find(':'));  // less a parameter
  const Metric* known = LookUpMetric(name);
  metric.direction_from_data = known == nullptr || known->better == Better::kNeither;
  metric.low_is_better = metric.direction_from_data
                             ? metric.of[static_cast<int>(coefficient)].mean.value < 0
                             : known->better == Better::kLow;
}

std::vector<HeldOutStudent> HoldOut(const CorrelateReport& report) {
  std::vector<HeldOutStudent> held_out;
  const size_t students = report.students.size();
  if (students < 2) return held_out;
  for (size_t left_out = 0; left_out < students; ++left_out) {
    HeldOutStudent best{.student = report.students[left_out].name, .others = -1, .here = kNaN};
    for (const MetricCorrelation& metric : report.metrics) {
      const auto& values = metric.of[static_cast<int>(report.coefficient)].by_student;
      double sum = 0;
      for (size_t s = 0; s < students; ++s) sum += s == left_out ? 0 : values[s].value;
      const double mean = sum / static_cast<double>(students - 1);
      if (!(std::abs(mean) > best.others)) continue;  // NaN never is
      best.metric = metric.metric;
      best.others = std::abs(mean);
      best.here = mean < 0 ? -values[left_out].value : values[left_out].value;
    }
    if (!best.metric.empty()) held_out.push_back(best);
  }
  return held_out;
}

std::vector<TeacherPick> PickTeachers(const CorrelateReport& report,
                                      const std::vector<std::string>& pool) {
  std::vector<TeacherPick> picks;
  for (size_t m = 0; m < report.metrics.size(); ++m) {
    for (size_t s = 0; s < report.students.size(); ++s) {
      const CorrelateReport::Student& student = report.students[s];
      const MetricCorrelation& metric = report.metrics[m];
      const bool constant = std::isnan(metric.of[0].by_student[s].value);
      TeacherPick pick{.student = student.name, .regret = kNaN};
      const std::vector<size_t> choice = Pool(student, pool);
      if (!constant) pick = Pick(student, choice, student.metrics[m], metric.low_is_better);
      pick.metric = metric.metric;
      picks.push_back(std::move(pick));
    }
  }
  return picks;
}

}  // namespace rsr
