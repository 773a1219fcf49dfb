// The teacher ranking on loaded rows, in parts that can be tested without a run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/bootstrap.h"
#include "metrics/scored_rows.h"
#include "rsr/teachers.h"

namespace rsr {

// `data` was loaded with options.metric as its first metric. Everything but `duplicates` and the
// warning of loops.
TeachersReport RankTeachers(const ScoredRows& data, const TeachersOptions& options);

// Below this many problems the resamples repeat each other: an interval says little, and an order
// is never called sure.
inline constexpr size_t kFewProblems = 10;

using Rows = std::vector<const ScoredRow*>;

struct Teacher {
  std::string name;
  PartsSum sum;
  std::map<size_t, PartsSum> by_problem;
  StableSum tokens;
  int64_t trajectories = 0, labelled = 0, correct = 0, truncated = 0, infinite = 0;
};

struct Grouped {
  std::vector<Teacher> teachers;  // sorted by name
  size_t problems = 0;            // with a value
};

// Some of the rows of `data`, by teacher and problem. group_teachers.cc.
Grouped GroupTeachers(const ScoredRows& data, const Rows& rows);
PairedParts Pair(const Grouped& grouped);

std::vector<std::string> TeacherWarnings(const Grouped& grouped, const std::string& metric);

// NaN is worse than any number.
bool IsBetter(double a, double b, Better better);

// The share of the resamples, of those in which both have a value, in which `a` is better; a tie
// counts half. NaN if there is none.
double OrderShare(const std::vector<double>& a, const std::vector<double>& b, Better better);

// Neighbours of report.teachers. `values`: the resampled ones, by name. teacher_pairs.cc.
std::vector<TeacherPair> NeighbourPairs(const TeachersReport& report,
                                        const std::map<std::string, std::vector<double>>& values,
                                        size_t problems, Better better);

// Fill report.by_source and report.by_length, in the order of report.teachers, and warn of slices
// in which the order flips. teacher_slices.cc.
void SliceBySource(const ScoredRows& data, const TeachersOptions& options, TeachersReport& report);
void SliceByLength(const ScoredRows& data, const TeachersOptions& options, TeachersReport& report);

// Fills report.length_matched and warns where it turns the order. length_match.cc.
void MatchLengths(const ScoredRows& data, const TeachersOptions& options, TeachersReport& report);

// By the token ids in the runs; warns of what it finds. duplicates.cc.
void FindDuplicates(const ScoredRows& data, TeachersReport& report);

}  // namespace rsr
