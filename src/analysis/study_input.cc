// The records of a correlation study, out of tables or runs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "analysis/long_table.h"
#include "analysis/study.h"
#include "base/delimited.h"
#include "base/nearest.h"
#include "metrics/joined_columns.h"
#include "metrics/metrics_table.h"
#include "metrics/run_shards.h"
#include "metrics/scored_rows.h"
#include "rsr/error.h"
#include "rsr/metrics.h"
#include "store/run.h"

namespace rsr {
namespace {

constexpr const char* kPerformanceNames[] = {"post_training_performance", "performance", "score"};

// A column of words (a note, a family of models) is no metric; one number in it makes it one.
bool HasNumbers(const DelimitedTable& table, size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(), [&](const DelimitedTable::Row& row) {
    return ParseNumber(row.cells[column]).has_value();
  });
}

// Nothing where the cell holds no finite value.
std::optional<double> ValueOf(const DelimitedTable& table, const DelimitedTable::Row& row,
                              size_t column) {
  const std::string& cell = row.cells[column];
  if (IsMissing(cell)) return std::nullopt;
  const std::optional<double> value = ParseNumber(cell);
  if (!value) {
    throw Error(
        fmt::format("{}: column '{}': expected a number, got '{}'", table.At(row),
                    table.columns[column], cell),
        "numbers are written with a point and without a unit; an empty cell means no value");
  }
  return std::isfinite(*value) ? value : std::nullopt;
}

class TableReader {
 public:
  TableReader(const CorrelateOptions& options, const std::string& path, StudyInput& input)
      : options_(options), table_(Widened(ReadDelimited(path))), input_(input) {
    teacher_ = table_.Column("teacher");
    student_ = table_.Find("student");
    run_ = table_.Find("run");
    if (options.performance.empty()) {
      input.performance = PerformanceColumn(options, table_.columns, path);
      performance_ = table_.Column(input.performance);
    }
    FindMetrics();
  }

  void Read() {
    for (const DelimitedTable::Row& row : table_.rows) {
      StudyRecord record{
          .student = Name(row, student_, "student"),
          .teacher = Name(row, teacher_, "teacher"),
          .run = run_ ? row.cells[*run_] : "",
          .where = table_.At(row),
      };
      record.aliases = {record.student};
      for (const size_t column : metrics_) {
        if (const auto value = ValueOf(table_, row, column)) {
          record.values[table_.columns[column]] = *value;
        }
      }
      if (performance_) record.performance = ValueOf(table_, row, *performance_);
      CheckNew(record);
      input_.records.push_back(std::move(record));
    }
  }

 private:
  void FindMetrics() {
    for (const std::string& name : options_.metrics) metrics_.push_back(table_.Column(name));
    for (size_t c = 0; options_.metrics.empty() && c < table_.columns.size(); ++c) {
      const bool is_key = c == teacher_ || c == student_ || c == run_ || c == performance_;
      if (!is_key && MayBeMetric(table_.columns[c]) && HasNumbers(table_, c)) metrics_.push_back(c);
    }
    for (const size_t column : metrics_) {
      const std::string& name = table_.columns[column];
      if (std::find(input_.metrics.begin(), input_.metrics.end(), name) == input_.metrics.end()) {
        input_.metrics.push_back(name);
      }
    }
  }

  // Another performance than the one in use would lead the list of metrics.
  bool MayBeMetric(const std::string& column) const {
    return column != "trajectories" && column != "performance" &&
           column != "post_training_performance" && column != input_.performance;
  }

  std::string Name(const DelimitedTable::Row& row, std::optional<size_t> column,
                   const char* what) const {
    if (!column) return std::filesystem::path(table_.path).stem().string();
    if (row.cells[*column].empty()) {
      throw Error(fmt::format("{}: the {} has no name", table_.At(row), what),
                  fmt::format("every row needs a value in the column '{}'", what));
    }
    return row.cells[*column];
  }

  void CheckNew(const StudyRecord& record) const {
    for (const StudyRecord& other : input_.records) {
      if (other.student != record.student || other.teacher != record.teacher ||
          other.run != record.run) {
        continue;
      }
      throw Error(fmt::format("{}: student '{}' and teacher '{}' are there already, at {}",
                              record.where, record.student, record.teacher, other.where),
                  run_ ? "give each run of a teacher its own value in the column 'run'"
                       : "remove one, or tell several runs of a teacher apart by a column 'run': "
                         "their metrics are averaged");
    }
  }

  const CorrelateOptions& options_;
  DelimitedTable table_;
  StudyInput& input_;
  size_t teacher_ = 0;
  std::optional<size_t> student_, run_, performance_;
  std::vector<size_t> metrics_;
};

// Metrics by teacher, as records, of a run or of the shards of one.
void AddRun(const CorrelateOptions& options, const std::vector<std::string>& paths,
            const RunInfo& info, StudyInput& input) {
  const std::string path = fmt::format("{}", fmt::join(paths, ", "));
  std::vector<std::string> metrics = options.metrics;
  if (metrics.empty()) metrics = {"all"};
  const Table table = MetricsOf({.runs = paths, .metrics = metrics, .by = "teacher"}, nullptr);
  const std::string file = std::filesystem::path(info.student_path).stem().string();
  for (const std::vector<Cell>& row : table.rows) {
    StudyRecord record{
        .student = info.student_hash,
        .aliases = {info.student_name.empty() ? file : info.student_name, file},
        .teacher = std::holds_alternative<std::string>(row[0]) ? std::get<std::string>(row[0]) : "",
        .run = path,
        .where = path};
    for (size_t c = 2; c < row.size(); ++c) {  // after teacher and trajectories
      const double* value = std::get_if<double>(&row[c]);
      if (value != nullptr && std::isfinite(*value)) record.values[table.columns[c].name] = *value;
      if (std::find(input.metrics.begin(), input.metrics.end(), table.columns[c].name) ==
          input.metrics.end()) {
        input.metrics.push_back(table.columns[c].name);
      }
    }
    input.records.push_back(std::move(record));
  }
}

}  // namespace

std::string PerformanceColumn(const CorrelateOptions& options,
                              const std::vector<std::string>& columns, const std::string& path) {
  std::vector<std::string> wanted(std::begin(kPerformanceNames), std::end(kPerformanceNames));
  if (!options.performance_column.empty()) wanted = {options.performance_column};
  for (const std::string& name : wanted) {
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) return name;
  }
  if (!options.performance_column.empty()) {
    throw Error(fmt::format("{}: there is no column '{}'", path, wanted[0]),
                NearestHint(wanted[0], columns));
  }
  throw Error(fmt::format("{}: no column holds the performance: expected one of {}, got {}", path,
                          fmt::join(wanted, ", "), fmt::join(columns, ", ")),
              "name it with --performance-column, or give a table of its own with --performance");
}

StudyInput ReadStudyTables(const CorrelateOptions& options, const std::string& performance) {
  StudyInput input{.performance = performance,
                   .source = fmt::format("{}", fmt::join(options.inputs, ", "))};
  for (const std::string& path : options.inputs) TableReader(options, path, input).Read();
  return input;
}

StudyInput ReadStudyRuns(const CorrelateOptions& options, const std::string& performance,
                         JoinedColumns& joined) {
  if (performance.empty()) {
    throw Error("runs say nothing of how the students did after training",
                "give --performance FILE: a table with the columns student, teacher, performance");
  }
  StudyInput input{.performance = performance,
                   .source = fmt::format("{}", fmt::join(options.inputs, ", "))};
  std::vector<ScoredRows::Run> runs;
  std::map<std::string, size_t> first;  // of each student
  std::set<std::string> given;
  for (const std::string& path : options.inputs) {
    if (!given.insert(std::filesystem::weakly_canonical(path).string()).second) {
      throw Error(fmt::format("run {} is given twice", path), "give each run once");
    }
    const std::optional<RunInfo> info = ReadRunInfo(path);
    if (!info) RunReader::Open(path);  // says what is wrong
    runs.push_back({path, info.value()});
    const auto [at, is_new] = first.emplace(runs.back().info.student_hash, runs.size() - 1);
    if (!is_new) CheckSameSettings(runs[at->second], runs.back());
  }
  const std::vector<size_t> first_shards = FirstShards(runs);
  std::map<size_t, std::vector<std::string>> wholes;  // paths of shards, by the first of them
  for (size_t i = 0; i < runs.size(); ++i) wholes[first_shards[i]].push_back(runs[i].path);
  joined.set_scans(wholes.size());
  for (const auto& [i, paths] : wholes) AddRun(options, paths, runs[i].info, input);
  input.warnings = MissingRows(runs);
  return input;
}

}  // namespace rsr
