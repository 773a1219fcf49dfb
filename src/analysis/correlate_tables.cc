// The correlation report as tables.
#include <cmath>

#include "base/cells.h"
#include "base/nearest.h"
#include "rsr/correlate.h"
#include "rsr/error.h"

namespace rsr {
namespace {

const std::vector<std::string> kNames = {"spearman", "pearson", "kendall"};  // as Coefficient

std::string Direction(const MetricCorrelation& metric) {
  return std::string(metric.low_is_better ? "low" : "high") +
         (metric.direction_from_data ? "*" : "");
}

}  // namespace

Coefficient ParseCoefficient(const std::string& name) {
  for (size_t c = 0; c < kNames.size(); ++c) {
    if (kNames[c] == name) return static_cast<Coefficient>(c);
  }
  throw Error("unknown coefficient '" + name + "'", NearestHint(name, kNames));
}

Table CorrelationTable(const CorrelateReport& report) {
  const int chosen = static_cast<int>(report.coefficient);
  Table table{.columns = {{"metric"}, {"|" + kNames[chosen] + "|"}, {"low"}, {"high"}, {"p", 4}}};
  for (const auto& student : report.students) table.columns.push_back({student.name});
  for (int c = 0; c < kCoefficients; ++c) {
    if (c != chosen) table.columns.push_back({"|" + kNames[c] + "|"});
  }
  for (const MetricCorrelation& metric : report.metrics) {
    const CorrelationValue& mean = metric.of[chosen].mean;
    const bool turn = mean.value < 0;  // the interval of the absolute value's side
    std::vector<Cell> cells = {metric.metric, NumberCell(std::abs(mean.value)),
                               NumberCell(turn ? -mean.high : mean.low),
                               NumberCell(turn ? -mean.low : mean.high), NumberCell(mean.p)};
    for (const CorrelationValue& value : metric.of[chosen].by_student)
      cells.push_back(NumberCell(value.value));
    for (int c = 0; c < kCoefficients; ++c) {
      if (c != chosen) cells.push_back(NumberCell(std::abs(metric.of[c].mean.value)));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table AllCoefficientsTable(const CorrelateReport& report) {
  Table table{
      .columns = {
          {"metric"}, {"coefficient"}, {"student"}, {"value"}, {"low"}, {"high"}, {"p", 4}}};
  for (const MetricCorrelation& metric : report.metrics) {
    for (int c = 0; c < kCoefficients; ++c) {
      const auto add = [&](Cell student, const CorrelationValue& v) {
        table.rows.push_back({metric.metric, kNames[c], std::move(student), NumberCell(v.value),
                              NumberCell(v.low), NumberCell(v.high), NumberCell(v.p)});
      };
      for (size_t s = 0; s < report.students.size(); ++s) {
        add(report.students[s].name, metric.of[c].by_student[s]);
      }
      add({}, metric.of[c].mean);
    }
  }
  return table;
}

Table HeldOutTable(const CorrelateReport& report) {
  Table table{.columns = {{"left_out"}, {"best_of_the_others"}, {"others"}, {"here"}}};
  for (const HeldOutStudent& row : report.held_out) {
    table.rows.push_back({row.student, row.metric, row.others, NumberCell(row.here)});
  }
  return table;
}

Table PicksTable(const CorrelateReport& report) {
  const size_t students = report.students.size();
  Table table{.columns = {{"metric"}, {"better"}, {"regret", 2}}};
  for (const auto& student : report.students) table.columns.push_back({student.name});
  for (size_t m = 0; m < report.metrics.size(); ++m) {
    std::vector<Cell> cells = {report.metrics[m].metric, Direction(report.metrics[m]), {}};
    double sum = 0;
    for (size_t s = 0; s < students; ++s) {
      const TeacherPick& pick = report.picks[m * students + s];
      cells.push_back(TextCell(pick.teacher));
      sum += pick.regret;
    }
    cells[2] = NumberCell(sum / static_cast<double>(students));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table AllPicksTable(const CorrelateReport& report) {
  Table table{.columns = {{"metric"}, {"student"}, {"teacher"}, {"regret", 2}}};
  for (const TeacherPick& pick : report.picks) {
    table.rows.push_back(
        {pick.metric, pick.student, TextCell(pick.teacher), NumberCell(pick.regret)});
  }
  return table;
}

}  // namespace rsr
