#include "analysis/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "base/delimited.h"
#include "base/nearest.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// Two teachers always, three by chance one time in three, are in perfect order.
constexpr size_t kFewestTeachers = 4;

struct Group {
  std::vector<const StudyRecord*> records;  // a teacher's runs
  std::optional<double> performance;
};

struct StudentGroups {
  std::string name;
  std::vector<std::string> aliases;
  std::vector<std::string> order;  // of the teachers, as they come
  std::map<std::string, Group> teachers;
};

std::vector<StudentGroups> GroupRecords(const StudyInput& input) {
  std::vector<StudentGroups> students;
  std::map<std::string, size_t> index;
  for (const StudyRecord& record : input.records) {
    const auto [at, is_new] = index.emplace(record.student, students.size());
    if (is_new) students.push_back({.name = record.aliases[0], .aliases = record.aliases});
    StudentGroups& student = students[at->second];
    Group& group = student.teachers[record.teacher];
    if (group.records.empty()) student.order.push_back(record.teacher);
    group.records.push_back(&record);
  }
  return students;
}

StudentGroups& FindStudent(std::vector<StudentGroups>& students, const std::string& name,
                           const std::string& where, const std::string& source) {
  StudentGroups* found = nullptr;
  std::vector<std::string> known;
  for (StudentGroups& student : students) {
    known.insert(known.end(), student.aliases.begin(), student.aliases.end());
    if (std::find(student.aliases.begin(), student.aliases.end(), name) == student.aliases.end()) {
      continue;
    }
    if (found != nullptr) {
      throw Error(fmt::format("{}: two students of {} are called '{}'", where, source, name),
                  "use the names of their files, without the ending");
    }
    found = &student;
  }
  if (found == nullptr) {
    throw Error(fmt::format("{}: student '{}' is not in {}", where, name, source),
                NearestHint(name, known));
  }
  return *found;
}

// Performance that came in a table of its own.
void SetPerformance(const DelimitedTable& table, const StudyInput& input,
                    std::vector<StudentGroups>& students) {
  const std::string& column = input.performance;
  const size_t teacher = table.Column("teacher"), score = table.Column(column);
  const std::optional<size_t> student = table.Find("student");
  if (!student && students.size() > 1) {
    throw Error(fmt::format("{}: there is no column 'student', but {} holds {} students",
                            table.path, input.source, students.size()),
                "add the column 'student' to the performance table");
  }
  std::map<std::pair<const StudentGroups*, std::string>, int64_t> lines;
  for (const DelimitedTable::Row& row : table.rows) {
    const std::string& name = row.cells[teacher];
    StudentGroups& groups =
        student ? FindStudent(students, row.cells[*student], table.At(row), input.source)
                : students.front();
    if (student) groups.name = row.cells[*student];
    const auto at = groups.teachers.find(name);
    if (at == groups.teachers.end()) {
      throw Error(fmt::format("{}: teacher '{}' of student '{}' is not in {}", table.At(row), name,
                              groups.name, input.source),
                  NearestHint(name, groups.order));
    }
    const auto [line, is_new] = lines.emplace(std::pair(&groups, name), row.line);
    if (!is_new) {
      throw Error(fmt::format("{}: student '{}' and teacher '{}' are there already, in line {}",
                              table.At(row), groups.name, name, line->second),
                  "give one performance for each; average several trainings first");
    }
    at->second.performance = ParseNumber(row.cells[score]);
    if (!at->second.performance || !std::isfinite(*at->second.performance)) {
      throw Error(fmt::format("{}: column '{}': expected a finite number, got '{}'", table.At(row),
                              column, row.cells[score]),
                  "remove the line of a student that was not trained on this teacher");
    }
  }
}

void AveragePerformance(const StudyInput& input, std::vector<StudentGroups>& students) {
  for (StudentGroups& student : students) {
    for (auto& [name, group] : student.teachers) {
      double sum = 0;
      for (const StudyRecord* record : group.records) {
        if (!record->performance) {
          throw Error(fmt::format("{}: teacher '{}' has no finite number in the column '{}'",
                                  record->where, name, input.performance),
                      "remove the line of a teacher whose performance is not known");
        }
        sum += *record->performance;
      }
      group.performance = sum / static_cast<double>(group.records.size());
    }
  }
}

// The metrics that every kept record has; the others are an error if asked for, else a warning.
std::vector<std::string> CompleteMetrics(const CorrelateOptions& options, const StudyInput& input,
                                         const std::vector<StudentGroups>& students,
                                         std::vector<std::string>& warnings) {
  std::vector<std::string> complete;
  for (const std::string& metric : input.metrics) {
    const StudyRecord* lacking = nullptr;
    int64_t count = 0;
    for (const StudentGroups& student : students) {
      for (const auto& [name, group] : student.teachers) {
        for (const StudyRecord* record : group.records) {
          if (!group.performance || record->values.contains(metric)) continue;
          ++count;
          if (lacking == nullptr || record < lacking) lacking = record;
        }
      }
    }
    if (lacking == nullptr) {
      complete.push_back(metric);
      continue;
    }
    const std::string what = fmt::format("metric '{}' has no finite value at {} (teacher '{}'){}",
                                         metric, lacking->where, lacking->teacher,
                                         count > 1 ? fmt::format(" and {} more", count - 1) : "");
    if (!options.metrics.empty()) {
      throw Error(what, "a metric needs a value for every teacher: leave it or the teacher out");
    }
    warnings.push_back(what + ": left out");
  }
  return complete;
}

CorrelateReport::Student Finish(const StudentGroups& groups, const Study& study,
                                const StudyInput& input, std::vector<std::string>& warnings) {
  CorrelateReport::Student student{.name = groups.name, .metrics = {}};
  student.metrics.resize(study.metrics.size());
  std::vector<std::string> without;
  for (const std::string& name : groups.order) {
    const Group& group = groups.teachers.at(name);
    if (!group.performance) {
      without.push_back(name);
      continue;
    }
    student.teachers.push_back(name);
    student.performance.push_back(*group.performance);
    for (size_t m = 0; m < study.metrics.size(); ++m) {
      double sum = 0;
      for (const StudyRecord* record : group.records) sum += record->values.at(study.metrics[m]);
      student.metrics[m].push_back(sum / static_cast<double>(group.records.size()));
    }
  }
  if (!without.empty()) {
    warnings.push_back(fmt::format("student '{}': no performance, so left out: {}", groups.name,
                                   fmt::join(without, ", ")));
  }
  const auto is_first = [&](double v) { return v == student.performance[0]; };
  if (student.teachers.size() < kFewestTeachers) {
    throw Error(fmt::format("{}: student '{}' has {} teacher{} with a performance, expected at "
                            "least {}",
                            input.source, groups.name, student.teachers.size(),
                            student.teachers.size() == 1 ? "" : "s", kFewestTeachers),
                "a correlation over fewer says nothing: train on more teachers' data, or leave the "
                "student out");
  }
  if (std::all_of(student.performance.begin(), student.performance.end(), is_first)) {
    throw Error(fmt::format("student '{}': the performance '{}' is {} for every teacher",
                            groups.name, study.performance, student.performance[0]),
                "nothing correlates with a constant");
  }
  return student;
}

// Whether the inputs are runs; else they are tables.
bool AreRuns(const CorrelateOptions& options) {
  if (options.inputs.empty()) {
    throw Error("no table and no run given",
                "name a table of metrics by student and teacher, or runs and --performance FILE");
  }
  const auto is_run = [](const std::string& path) { return std::filesystem::is_directory(path); };
  const bool runs = is_run(options.inputs[0]);
  for (const std::string& path : options.inputs) {
    if (is_run(path) == runs) continue;
    throw Error(fmt::format("{} is a {} and {} a {}", options.inputs[0],
                            runs ? "directory" : "file", path, runs ? "file" : "directory"),
                "give either tables or runs");
  }
  return runs;
}

}  // namespace

Study ReadStudy(const CorrelateOptions& options, JoinedColumns& joined) {
  const bool runs = AreRuns(options);
  if (!runs && !options.join.empty()) {
    throw Error("--join adds columns to the trajectories of runs, and tables have none",
                "add a column with each teacher's value to the table instead");
  }
  // First, as it is small: runs take their time.
  std::optional<DelimitedTable> performance;
  std::string column;
  if (!options.performance.empty()) {
    performance = ReadDelimited(options.performance);
    column = PerformanceColumn(options, performance->columns, performance->path);
    performance->Column("teacher");
  }
  const StudyInput input =
      runs ? ReadStudyRuns(options, column, joined) : ReadStudyTables(options, column);
  std::vector<StudentGroups> students = GroupRecords(input);
  if (students.empty()) {
    throw Error(input.source + ": holds no rows", "one row a student and teacher is expected");
  }
  Study study{.warnings = input.warnings, .performance = input.performance};
  if (performance) {
    SetPerformance(*performance, input, students);
  } else {
    AveragePerformance(input, students);
  }
  std::erase_if(students, [&](const StudentGroups& student) {
    const bool none =
        std::none_of(student.teachers.begin(), student.teachers.end(),
                     [](const auto& at) { return at.second.performance.has_value(); });
    if (none) {
      study.warnings.push_back(
          fmt::format("student '{}' has no performance at all: left out", student.name));
    }
    return none;
  });
  if (students.empty()) {
    throw Error(options.performance + ": holds no rows",
                "one row a student and teacher is expected");
  }
  study.metrics = CompleteMetrics(options, input, students, study.warnings);
  for (const StudentGroups& student : students) {
    study.students.push_back(Finish(student, study, input, study.warnings));
  }
  if (study.metrics.empty()) {
    throw Error(fmt::format("{}: no metric has a value for every teacher", input.source),
                "every column of numbers but the performance is taken as a metric");
  }
  return study;
}

}  // namespace rsr
