// The ranking again on parts of the data: sources, bands of length.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "analysis/rank_teachers.h"

namespace rsr {
namespace {

constexpr size_t kMostSources = 20;  // a source a problem would print as many rows as problems
constexpr size_t kMostFlipWarnings = 5;
constexpr size_t kBands = 4;

struct Slice {
  std::string name;
  Rows rows;
};

// The strongest contradiction of the ranking in one slice: the pair whose better teacher stands
// highest.
std::string Flip(const TeachersReport& report, const Grouped& grouped,
                 const BootstrapResult& bootstrap, Better better) {
  const auto find = [&](const std::string& name) {
    for (size_t g = 0; g < grouped.teachers.size(); ++g) {
      if (grouped.teachers[g].name == name) return static_cast<int>(g);
    }
    return -1;
  };
  // Of many pairs some turn by chance: the risk is shared out among them (Bonferroni).
  const auto teachers = static_cast<double>(grouped.teachers.size());
  const double sure = 1 - (1 - report.confidence) / std::max(1.0, teachers * (teachers - 1) / 2);
  for (size_t i = 0; i < report.teachers.size(); ++i) {
    const int a = find(report.teachers[i].teacher);
    if (a < 0) continue;
    for (size_t j = i + 1; j < report.teachers.size(); ++j) {
      const int b = find(report.teachers[j].teacher);
      if (b < 0) continue;
      const auto problems = [&](int g) { return grouped.teachers[g].by_problem.size(); };
      if (std::min(problems(a), problems(b)) < kFewProblems) continue;
      const double p = OrderShare(bootstrap.values[b], bootstrap.values[a], better);
      if (!(p >= sure)) continue;
      return fmt::format("'{}' is better than '{}' (P {:.3f})", report.teachers[j].teacher,
                         report.teachers[i].teacher, p);
    }
  }
  return "";
}

std::vector<TeacherSlice> RankSlices(const ScoredRows& data, const TeachersOptions& options,
                                     const std::vector<Slice>& slices, const std::string& what,
                                     TeachersReport& report) {
  const Metric& metric = *data.metrics.front();
  std::vector<TeacherSlice> all;
  std::vector<std::string> flips;
  for (const Slice& slice : slices) {
    const Grouped grouped = GroupTeachers(data, slice.rows);
    const BootstrapResult bootstrap =
        PairedBootstrap(Pair(grouped), metric, options.resamples, options.seed);
    for (const TeacherRow& row : report.teachers) {
      constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
      TeacherSlice result{
          .slice = slice.name, .teacher = row.teacher, .value = kNaN, .p_best = kNaN};
      for (size_t g = 0; g < grouped.teachers.size(); ++g) {
        const Teacher& teacher = grouped.teachers[g];
        if (teacher.name != row.teacher) continue;
        result.trajectories = teacher.trajectories;
        result.problems = static_cast<int64_t>(teacher.by_problem.size());
        if (result.problems == 0) continue;
        result.value = metric.Value(teacher.sum.parts());
        result.p_best = bootstrap.p_best[g];
      }
      all.push_back(std::move(result));
    }
    const std::string flip = Flip(report, grouped, bootstrap, metric.better);
    if (!flip.empty()) flips.push_back(fmt::format("{} {}: {}", what, slice.name, flip));
  }
  for (size_t i = 0; i < std::min(flips.size(), kMostFlipWarnings); ++i) {
    report.warnings.push_back("the order flips in " + flips[i]);
  }
  if (flips.size() > kMostFlipWarnings) {
    report.warnings.push_back(fmt::format("... and in {} more", flips.size() - kMostFlipWarnings));
  }
  return all;
}

}  // namespace

void SliceBySource(const ScoredRows& data, const TeachersOptions& options, TeachersReport& report) {
  std::map<std::string, Rows> by_source;
  for (const ScoredRow& row : data.rows) by_source[row.source].push_back(&row);
  if (by_source.size() < 2) return;
  std::vector<Slice> slices;
  for (auto& [name, rows] : by_source) slices.push_back({name, std::move(rows)});
  std::stable_sort(slices.begin(), slices.end(),
                   [](const Slice& a, const Slice& b) { return a.rows.size() > b.rows.size(); });
  if (slices.size() > kMostSources) {
    report.warnings.push_back(
        fmt::format("{} sources: only the {} largest are compared", slices.size(), kMostSources));
    slices.resize(kMostSources);
  }
  report.by_source = RankSlices(data, options, slices, "source", report);
}

void SliceByLength(const ScoredRows& data, const TeachersOptions& options, TeachersReport& report) {
  std::vector<int32_t> lengths;
  for (const ScoredRow& row : data.rows) lengths.push_back(row.scored_tokens);
  std::sort(lengths.begin(), lengths.end());
  std::vector<int32_t> ends;  // of the bands, inclusive
  for (size_t band = 1; band <= kBands; ++band) {
    const int32_t end = lengths[(band * lengths.size() + kBands - 1) / kBands - 1];
    if (ends.empty() || end > ends.back()) ends.push_back(end);
  }
  std::vector<Slice> slices;
  int32_t begin = lengths.front();
  for (const int32_t end : ends) {
    slices.push_back({fmt::format("{}-{} tokens", begin, end), {}});
    begin = end + 1;
  }
  for (const ScoredRow& row : data.rows) {
    const auto at = std::lower_bound(ends.begin(), ends.end(), row.scored_tokens);
    slices[at - ends.begin()].rows.push_back(&row);
  }
  report.by_length = RankSlices(data, options, slices, "length band", report);
}

}  // namespace rsr
