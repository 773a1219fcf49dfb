// What the correlation study works on: checked, complete, averaged over runs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rsr/correlate.h"

namespace rsr {

class JoinedColumns;

// A teacher's data under one student, once: a line of a table, or a teacher of a run.
struct StudyRecord {
  std::string student;               // what tells students apart: the name, or a run's student hash
  std::vector<std::string> aliases;  // what a performance table may call the student
  std::string teacher, run;
  std::string where;                     // file:line, or the run directory
  std::map<std::string, double> values;  // metric -> value; absent: no value there
  std::optional<double> performance;
};

struct StudyInput {
  std::vector<StudyRecord> records;
  std::vector<std::string> metrics;  // in the order of the columns
  std::string performance;           // the column's name
  std::string source;                // of the records, for messages: file or run names
  std::vector<std::string> warnings = {};
};

// `performance`: the score's column in a table of its own, or empty. Both throw rsr::Error as
// rsr::Correlate says. study_input.cc.
StudyInput ReadStudyTables(const CorrelateOptions& options, const std::string& performance);
StudyInput ReadStudyRuns(const CorrelateOptions& options, const std::string& performance,
                         JoinedColumns& joined);

struct Study {
  std::vector<CorrelateReport::Student> students;
  std::vector<std::string> metrics, warnings;
  std::string performance;
};

Study ReadStudy(const CorrelateOptions& options, JoinedColumns& joined);

// The score's column of a table, by options.performance_column or one of the usual names.
std::string PerformanceColumn(const CorrelateOptions& options,
                              const std::vector<std::string>& columns, const std::string& path);

}  // namespace rsr
