// Which teacher fits this student, and how sure is that? Definitions: docs/teachers.md.
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
  bool details = false;           // also `length_matched` and `duplicates`
  std::vector<std::string> join;  // as MetricsOptions::join
};

struct TeacherRow {
  std::string teacher;
  double value = 0, low = 0, high = 0;  // dataset-level metric; NaN: one problem
  double p_best = 0;                    // share of resamples in which this teacher is best
  double p_next = 0;  // ... in which it is better than the next row's; NaN in the last row
  int64_t trajectories = 0, problems = 0;
  double mean_tokens = 0;  // scored tokens a trajectory
  double accuracy = -1;    // share of labelled trajectories that are correct; -1: no labels
};

// Two neighbours of the ranking.
struct TeacherPair {
  std::string better, worse;
  double margin = 0, low = 0, high = 0;  // by how much better, in the metric's unit; its interval
  double p_order = 0;                    // share of resamples with this order; a tie counts half
  // How many more problems, with as many trajectories each, until p_order reaches the confidence
  // if the margin stays as it is: an extrapolation, its standard error falling with the root of
  // the number of problems. 0: it is reached; -1: it cannot be told (no margin, fewer than ten
  // problems of either), or more than a million.
  int64_t more_problems = 0, more_trajectories = 0;
};

// A teacher's value on part of the trajectories: one source, or one band of lengths.
struct TeacherSlice {
  std::string slice, teacher;
  int64_t trajectories = 0, problems = 0;
  double value = 0, p_best = 0;  // among the teachers of the slice; NaN without a trajectory
};

// A teacher beside the best of the ranking, as if both wrote answers of the same lengths: the
// trajectories are weighted to the part that their distributions over bands of length share.
struct LengthMatch {
  std::string teacher;
  double overlap = 0;  // that part: 1 for equal distributions, 0 for disjoint ones
  double best_value = 0, value = 0, p_best_better = 0;  // NaN where there is no overlap
};

// Trajectories of one problem whose scored tokens are the same.
struct DuplicateTrajectories {
  std::string teacher, other;  // may be the same teacher
  int64_t count = 0;           // of this teacher's; of one teacher: those beside the first
  std::string example;         // "id = id"
};

struct TeachersReport {
  std::string metric;
  double confidence = 0.95;
  bool few_problems = false;  // fewer than ten with a value: no order is sure, whatever is below
  std::vector<TeacherRow> teachers;               // best first
  std::vector<TeacherPair> pairs;                 // of neighbouring rows
  std::vector<TeacherSlice> by_source;            // empty for one source; at most the 20 largest
  std::vector<TeacherSlice> by_length;            // quarters of all trajectories by scored tokens
  std::vector<LengthMatch> length_matched;        // details; not for the best teacher itself
  std::vector<DuplicateTrajectories> duplicates;  // details
  std::vector<std::string> warnings;  // e.g. teachers that do not share problems, or loops
};

// Throws rsr::Error for runs that cannot be read as one (other students, templates, masks or
// precisions, an id twice), and a metric that is unknown or does not say which values are better.
TeachersReport RankTeachers(const TeachersOptions& options);

Table TeachersTable(const TeachersReport& report);
Table TeacherPairsTable(const TeachersReport& report);
// One row a slice and one column a teacher (the first eight of the ranking), or one row each.
Table SlicesTable(const TeachersReport& report, const std::vector<TeacherSlice>& slices);
Table AllSlicesTable(const std::vector<TeacherSlice>& slices);
Table LengthMatchTable(const TeachersReport& report);
Table DuplicatesTable(const TeachersReport& report);

}  // namespace rsr
