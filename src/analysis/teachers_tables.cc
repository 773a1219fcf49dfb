// The report on teachers as tables.
#include <algorithm>
#include <cmath>

#include "base/cells.h"
#include "rsr/teachers.h"

namespace rsr {
namespace {

constexpr size_t kMostColumns = 8;  // of teachers, to fit a terminal

Cell Count(int64_t count) { return count < 0 ? Cell() : Cell(count); }

}  // namespace

Table TeachersTable(const TeachersReport& report) {
  Table table{.columns = {{"teacher"},
                          {report.metric},
                          {"low"},
                          {"high"},
                          {"p_best"},
                          {"p_next"},
                          {"trajectories"},
                          {"problems"},
                          {"mean_tokens", 1},
                          {"accuracy"}}};
  for (const TeacherRow& row : report.teachers) {
    table.rows.push_back({row.teacher, row.problems > 0 ? Cell(row.value) : Cell(),
                          NumberCell(row.low), NumberCell(row.high), row.p_best,
                          NumberCell(row.p_next), row.trajectories, row.problems, row.mean_tokens,
                          row.accuracy >= 0 ? Cell(row.accuracy) : Cell()});
  }
  return table;
}

Table TeacherPairsTable(const TeachersReport& report) {
  Table table{.columns = {{"better"},
                          {"worse"},
                          {"margin"},
                          {"low"},
                          {"high"},
                          {"p_order"},
                          {"more_problems"},
                          {"more_trajectories"}}};
  for (const TeacherPair& pair : report.pairs) {
    table.rows.push_back({pair.better, pair.worse, NumberCell(pair.margin), NumberCell(pair.low),
                          NumberCell(pair.high), NumberCell(pair.p_order),
                          Count(pair.more_problems), Count(pair.more_trajectories)});
  }
  return table;
}

Table SlicesTable(const TeachersReport& report, const std::vector<TeacherSlice>& slices) {
  const size_t teachers = report.teachers.size(), shown = std::min(teachers, kMostColumns);
  Table table{.columns = {{"slice"}, {"trajectories"}, {"best"}, {"p_best"}}};
  for (size_t t = 0; t < shown; ++t) table.columns.push_back({report.teachers[t].teacher});
  for (size_t begin = 0; begin + teachers <= slices.size(); begin += teachers) {
    int64_t trajectories = 0;
    const TeacherSlice* best = nullptr;
    int compared = 0;
    for (size_t t = 0; t < teachers; ++t) {
      const TeacherSlice& slice = slices[begin + t];
      trajectories += slice.trajectories;
      if (std::isnan(slice.p_best)) continue;
      ++compared;
      if (best == nullptr || slice.p_best > best->p_best) best = &slice;
    }
    std::vector<Cell> cells = {TextCell(slices[begin].slice), trajectories, {}, {}};
    if (compared > 1) {
      cells[2] = TextCell(best->teacher);
      cells[3] = best->p_best;
    }
    for (size_t t = 0; t < shown; ++t) cells.push_back(NumberCell(slices[begin + t].value));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table AllSlicesTable(const std::vector<TeacherSlice>& slices) {
  Table table{
      .columns = {{"slice"}, {"teacher"}, {"trajectories"}, {"problems"}, {"value"}, {"p_best"}}};
  for (const TeacherSlice& slice : slices) {
    table.rows.push_back({TextCell(slice.slice), slice.teacher, slice.trajectories, slice.problems,
                          NumberCell(slice.value), NumberCell(slice.p_best)});
  }
  return table;
}

Table LengthMatchTable(const TeachersReport& report) {
  Table table{.columns = {{"teacher"}, {"overlap"}, {"value"}, {"best_value"}, {"p_best_better"}}};
  for (const LengthMatch& match : report.length_matched) {
    table.rows.push_back({match.teacher, match.overlap, NumberCell(match.value),
                          NumberCell(match.best_value), NumberCell(match.p_best_better)});
  }
  return table;
}

Table DuplicatesTable(const TeachersReport& report) {
  Table table{.columns = {{"teacher"}, {"other"}, {"count"}, {"example"}}};
  for (const DuplicateTrajectories& pair : report.duplicates) {
    table.rows.push_back({pair.teacher, pair.other, pair.count, pair.example});
  }
  return table;
}

}  // namespace rsr
