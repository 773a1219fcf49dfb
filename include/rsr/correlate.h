// Does a metric predict how well a student does after training on a teacher's data? The study of
// the paper (arXiv 2601.14249, A.7) on one's own results. Definitions: docs/correlate.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "rsr/table.h"

namespace rsr {

enum class Coefficient { kSpearman, kPearson, kKendall };  // Kendall: tau-b
inline constexpr int kCoefficients = 3;

// "spearman", "pearson" or "kendall"; throws rsr::Error with the nearest name otherwise.
Coefficient ParseCoefficient(const std::string& name);

struct CorrelateOptions {
  // Tables (CSV or TSV with columns `teacher`, a number a metric, and optionally `student` and
  // `run`; or one value a line, in `metric` and `value`), or run directories; not both. A table
  // without `student` is of one student, named as the file. Where a teacher has several runs, its
  // metrics are averaged over them first.
  std::vector<std::string> inputs;
  // CSV or TSV: `teacher`, a score, and `student` where there are several. Empty: the score is a
  // column of the tables.
  std::string performance;
  // The score's column; empty: post_training_performance, performance or score.
  std::string performance_column;
  std::vector<std::string> metrics;  // empty: every number column, or every metric of the runs
  std::vector<std::string> join;     // as MetricsOptions::join; of runs
  std::vector<std::string> pool;     // teachers to choose from; empty: all
  Coefficient coefficient = Coefficient::kSpearman;  // what metrics are ordered and chosen by
  int permutations = 10000;  // all of them instead, where there are not more
  int resamples = 2000;      // of the bootstrap over teachers
  double confidence = 0.95;
  uint64_t seed = 1;
};

// NaN: not defined (a constant metric, no student of several).
struct CorrelationValue {
  double value = 0;          // signed
  double low = 0, high = 0;  // bootstrap over teachers
  double p = 0;              // two-sided, permutation of the teachers
};

struct MetricCorrelation {
  std::string metric;
  bool low_is_better = false;
  bool direction_from_data = false;  // the sign of the mean, of a metric that rsr does not know
  struct Of {
    std::vector<CorrelationValue> by_student;
    CorrelationValue mean;  // of the signed coefficients over students; NaN if one is NaN
  };
  std::array<Of, kCoefficients> of;  // by Coefficient
};

// What would have been chosen without looking at this student: the metric with the highest
// |mean coefficient| over the other students.
struct HeldOutStudent {
  std::string student, metric;
  double others = 0;  // |mean over the other students|
  double here = 0;  // the chosen metric's on this student, positive if it has the sign it had there
};

// The teacher that a metric would have picked out of the pool.
struct TeacherPick {
  std::string student, metric, teacher;  // teacher: "a, b" where they tie
  double regret = 0;  // best performance in the pool less this teacher's (mean where they tie)
};

struct CorrelateReport {
  struct Student {
    std::string name;
    std::vector<std::string> teachers;
    std::vector<double> performance;           // [teacher]
    std::vector<std::vector<double>> metrics;  // [metric, as below][teacher]; empty: no value
  };
  std::vector<Student> students;
  std::string performance;  // name of its column
  Coefficient coefficient = Coefficient::kSpearman;
  std::vector<MetricCorrelation> metrics;  // highest |mean| first
  std::vector<HeldOutStudent> held_out;    // empty for one student
  std::vector<TeacherPick> picks;          // [metric][student]
  int64_t permutations = 0;
  bool every_permutation = false;
  std::vector<std::string> warnings;
};

// Throws rsr::Error for tables that cannot be read, unknown students, teachers and metrics, rows
// that are there twice, performance that is missing, constant or no number, and fewer than four
// teachers of a student. A metric with a missing value is left out with a warning, and is an error
// if it was asked for.
CorrelateReport Correlate(const CorrelateOptions& options);

// One row a metric: |mean| with interval and p-value, each student's signed coefficient, the other
// coefficients' |mean|.
Table CorrelationTable(const CorrelateReport& report);
// Everything of all coefficients: one row a metric, coefficient and student, or `mean`.
Table AllCoefficientsTable(const CorrelateReport& report);
Table HeldOutTable(const CorrelateReport& report);   // one row a student
Table PicksTable(const CorrelateReport& report);     // one row a metric, one column a student
Table AllPicksTable(const CorrelateReport& report);  // one row a metric and student

// Performance over the metric, a letter a student, drawn with characters. Throws rsr::Error for an
// unknown metric.
std::string ScatterPlot(const CorrelateReport& report, const std::string& metric, int width = 72,
                        int height = 20);

}  // namespace rsr
