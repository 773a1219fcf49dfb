// Which teacher fits this student, and how sure is that?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rsr/table.h"

namespace rsr {

struct TeachersOptions {
  std::vector<std::string> runs;
  std::string metric = "rsr";
  int resamples = 2000;  // bootstrap over problems, the same resample for every teacher
  double confidence = 0.95;
  uint64_t seed = 1;
};

struct TeacherRow {
  std::string teacher;
  double value = 0, low = 0, high = 0;  // dataset-level metric and its interval
  double p_best = 0;                    // share of resamples in which this teacher is best
  int64_t trajectories = 0, problems = 0;
  double mean_tokens = 0;  // scored tokens a trajectory
  double accuracy = -1;    // share of labelled trajectories that are correct; -1: no labels
};

struct TeachersReport {
  std::string metric;
  std::vector<TeacherRow> teachers;   // best first
  std::vector<std::string> warnings;  // e.g. teachers that do not share problems
};

TeachersReport RankTeachers(const TeachersOptions& options);  // throws rsr::Error
Table TeachersTable(const TeachersReport& report);

}  // namespace rsr
