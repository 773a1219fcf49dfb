// The correlation study: coefficients, their p-values and intervals, and what one would have chosen
// by them.
#include "rsr/correlate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/correlation.h"
#include "analysis/picks.h"
#include "analysis/student_t.h"
#include "analysis/study.h"
#include "analysis/teacher_draws.h"
#include "metrics/joined_columns.h"
#include "rsr/error.h"

namespace rsr {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Equal coefficients of two permutations may differ in the last digits.
constexpr double kRounding = 1e-12;

void Gather(const std::vector<double>& from, const Indices& indices, std::vector<double>& to) {
  to.clear();
  for (const uint32_t i : indices) to.push_back(from[i]);
}

// [draw][student, then the mean over students]
using Coefficients = std::vector<std::vector<double>>;

void AppendMean(std::vector<double>& values) {
  values.push_back(std::accumulate(values.begin(), values.end(), 0.0) /
                   static_cast<double>(values.size()));
}

std::vector<double> Observed(const Study& study, size_t metric, Coefficient coefficient) {
  std::vector<double> values;
  for (const auto& student : study.students) {
    values.push_back(Correlation(coefficient, student.metrics[metric], student.performance));
  }
  AppendMean(values);
  return values;
}

// The metric's values stay, the performances move.
Coefficients Permuted(const Study& study, size_t metric, Coefficient coefficient,
                      const Draws& draws) {
  const bool ranks = coefficient == Coefficient::kSpearman;
  std::vector<std::vector<double>> x, y;
  for (const auto& student : study.students) {
    x.push_back(ranks ? AverageRanks(student.metrics[metric]) : student.metrics[metric]);
    y.push_back(ranks ? AverageRanks(student.performance) : student.performance);
  }
  if (ranks) coefficient = Coefficient::kPearson;
  Coefficients all;
  std::vector<double> moved;
  for (const std::vector<Indices>& draw : draws.of) {
    std::vector<double> values;
    for (size_t s = 0; s < x.size(); ++s) {
      Gather(y[s], draw[s], moved);
      values.push_back(Correlation(coefficient, x[s], moved));
    }
    AppendMean(values);
    all.push_back(std::move(values));
  }
  return all;
}

Coefficients Resampled(const Study& study, size_t metric, Coefficient coefficient,
                       const Draws& draws) {
  Coefficients all;
  std::vector<double> x, y;
  for (const std::vector<Indices>& draw : draws.of) {
    std::vector<double> values;
    for (size_t s = 0; s < study.students.size(); ++s) {
      Gather(study.students[s].metrics[metric], draw[s], x);
      Gather(study.students[s].performance, draw[s], y);
      values.push_back(Correlation(coefficient, x, y));
    }
    AppendMean(values);
    all.push_back(std::move(values));
  }
  return all;
}

double PValue(double observed, const Coefficients& permuted, size_t column, bool exhaustive) {
  if (std::isnan(observed)) return kNaN;
  int64_t extreme = 0;
  for (const auto& values : permuted) {
    extreme += std::abs(values[column]) >= std::abs(observed) - kRounding;
  }
  // A random set of permutations counts the observed one, too: p is never 0.
  const auto n = static_cast<double>(permuted.size());
  const auto k = static_cast<double>(extreme);
  return exhaustive ? k / n : (k + 1) / (n + 1);
}

// Half a step of Spearman's coefficient below 1: atanh(1) is infinite.
double ZOf(double coefficient, double teachers) {
  const double most = 1 - 6 / (teachers * (teachers * teachers - 1));
  return std::atanh(std::clamp(coefficient, -most, most));
}

// Percentiles of so few teachers are too narrow for Pearson's coefficient (docs/correlate.md: they
// hold the truth 88 to 91 % of the time), so the bootstrap only gives the standard error, on
// Fisher's z scale, and Student's t the width.
void SetInterval(CorrelationValue& value, const Coefficients& resampled, size_t column,
                 size_t teachers, double confidence) {
  value.low = value.high = kNaN;
  if (std::isnan(value.value)) return;
  const auto n = static_cast<double>(teachers);
  double sum = 0, squares = 0, count = 0;
  for (const auto& values : resampled) {
    if (std::isnan(values[column])) continue;  // a resample in which one side is constant
    const double z = ZOf(values[column], n);
    sum += z;
    squares += z * z;
    ++count;
  }
  if (count < 2) return;
  const double variance = (squares - sum * sum / count) / (count - 1);
  if (variance <= kRounding) return;  // every resample says the same: nothing is known
  const double z = ZOf(value.value, n);
  const double half =
      StudentTQuantile((1 + confidence) / 2, static_cast<int>(teachers) - 1) * std::sqrt(variance);
  value.low = std::tanh(z - half);
  value.high = std::tanh(z + half);
}

MetricCorrelation::Of CorrelateMetric(const Study& study, size_t metric, Coefficient coefficient,
                                      const Draws& permutations, const Draws& resamples,
                                      double confidence) {
  const std::vector<double> observed = Observed(study, metric, coefficient);
  const Coefficients permuted = Permuted(study, metric, coefficient, permutations);
  const Coefficients resampled = Resampled(study, metric, coefficient, resamples);
  MetricCorrelation::Of of;
  size_t fewest = study.students[0].teachers.size();
  for (size_t column = 0; column < observed.size(); ++column) {
    const bool is_mean = column == study.students.size();
    if (!is_mean) fewest = std::min(fewest, study.students[column].teachers.size());
    CorrelationValue value{
        .value = observed[column],
        .p = PValue(observed[column], permuted, column, permutations.exhaustive)};
    SetInterval(value, resampled, column, is_mean ? fewest : study.students[column].teachers.size(),
                confidence);
    if (is_mean) {
      of.mean = value;
    } else {
      of.by_student.push_back(value);
    }
  }
  return of;
}

void CheckOptions(const CorrelateOptions& options) {
  if (options.permutations < 1 || options.resamples < 2) {
    throw Error(fmt::format("expected at least 1 permutation and 2 resamples, got {} and {}",
                            options.permutations, options.resamples),
                "the defaults are 10000 and 2000");
  }
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw Error(fmt::format("confidence must lie between 0 and 1, got {}", options.confidence),
                "the default is 0.95");
  }
}

// Highest |mean| first, those without one last. Study and report stay in step.
void Order(Study& study, CorrelateReport& report) {
  const auto strength = [&](size_t m) {
    const double mean = report.metrics[m].of[static_cast<int>(report.coefficient)].mean.value;
    return std::isnan(mean) ? -1 : std::abs(mean);
  };
  std::vector<size_t> order(report.metrics.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return strength(a) > strength(b); });
  const auto reorder = [&](auto& values) {
    auto old = values;
    for (size_t i = 0; i < order.size(); ++i) values[i] = old[order[i]];
  };
  reorder(report.metrics);
  for (auto& student : study.students) reorder(student.metrics);
}

void Warn(CorrelateReport& report) {
  std::vector<std::string> undefined;
  for (const MetricCorrelation& metric : report.metrics) {
    std::vector<std::string> students;
    for (size_t s = 0; s < report.students.size(); ++s) {
      if (std::isnan(metric.of[0].by_student[s].value)) students.push_back(report.students[s].name);
    }
    if (students.empty()) continue;
    const bool all = students.size() == report.students.size();
    undefined.push_back(metric.metric +
                        (all ? "" : fmt::format(" ({})", fmt::join(students, ", "))));
  }
  if (!undefined.empty()) {
    report.warnings.push_back(
        fmt::format("a metric that is the same for every teacher has no correlation: {}",
                    fmt::join(undefined, ", ")));
  }
  constexpr size_t kFew = 8;
  size_t fewest = kFew;
  std::vector<std::string> names;
  for (const auto& student : report.students) {
    if (student.teachers.size() >= kFew) continue;
    fewest = std::min(fewest, student.teachers.size());
    names.push_back(student.name);
  }
  if (names.empty()) return;
  report.warnings.push_back(
      fmt::format("only {} teachers ({}): chance alone gives high coefficients, look at p and the "
                  "interval",
                  fewest, fmt::join(names, ", ")));
}

}  // namespace

CorrelateReport Correlate(const CorrelateOptions& options) {
  CheckOptions(options);
  JoinedColumns joined(options.join);  // known by name as long as metrics are looked up
  Study study = ReadStudy(options, joined);
  CorrelateReport report{.performance = study.performance,
                         .coefficient = options.coefficient,
                         .warnings = study.warnings};
  std::mt19937_64 random(options.seed);
  const Draws permutations = PermuteTeachers(study.students, options.permutations, random);
  const Draws resamples = ResampleTeachers(study.students, options.resamples, random);
  report.permutations = static_cast<int64_t>(permutations.of.size());
  report.every_permutation = permutations.exhaustive;
  for (size_t m = 0; m < study.metrics.size(); ++m) {
    MetricCorrelation metric{.metric = study.metrics[m]};
    for (int c = 0; c < kCoefficients; ++c) {
      metric.of[c] = CorrelateMetric(study, m, static_cast<Coefficient>(c), permutations, resamples,
                                     options.confidence);
    }
    SetDirection(metric, options.coefficient);
    report.metrics.push_back(std::move(metric));
  }
  Order(study, report);
  report.students = std::move(study.students);
  report.held_out = HoldOut(report);
  report.picks = PickTeachers(report, options.pool);
  Warn(report);
  return report;
}

}  // namespace rsr
