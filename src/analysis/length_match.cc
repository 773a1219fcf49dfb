// The best teacher against each other one, as if both wrote answers of the same lengths.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "analysis/rank_teachers.h"

namespace rsr {
namespace {

// Enough that lengths within a band are alike, few enough that a band holds some trajectories of
// both teachers at the usual hundreds.
constexpr size_t kBands = 10;
constexpr double kLittleOverlap = 0.25;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Rows of one teacher with a value, by band.
using Banded = std::array<Rows, kBands>;
using Shares = std::array<double, kBands>;

Rows RowsOf(const ScoredRows& data, const std::string& teacher) {
  Rows rows;
  for (const ScoredRow& row : data.rows) {
    if (row.teacher == teacher && row.parts.front().has_value()) rows.push_back(&row);
  }
  return rows;
}

std::array<Banded, 2> IntoBands(const std::array<Rows, 2>& teachers) {
  // Each teacher counts alike, however many trajectories it has: the bands are quantiles of the
  // two halves together.
  std::vector<std::pair<int32_t, double>> lengths;  // with the row's share of both
  for (const Rows& rows : teachers) {
    const double share = 0.5 / static_cast<double>(rows.size());
    for (const ScoredRow* row : rows) lengths.emplace_back(row->scored_tokens, share);
  }
  std::sort(lengths.begin(), lengths.end());
  std::vector<int32_t> ends;
  double covered = 0;
  for (const auto& [length, share] : lengths) {
    covered += share;
    while (covered * kBands > static_cast<double>(ends.size() + 1) - 1e-9) ends.push_back(length);
  }
  std::array<Banded, 2> banded;
  for (size_t t = 0; t < 2; ++t) {
    for (const ScoredRow* row : teachers[t]) {
      const auto at = std::lower_bound(ends.begin(), ends.end(), row->scored_tokens);
      banded[t][std::min<size_t>(at - ends.begin(), kBands - 1)].push_back(row);
    }
  }
  return banded;
}

// What the two teachers' trajectories of each band contribute on each problem: groups are
// (teacher, band). The count is set whether or not the metric asks for it.
PairedParts PairBands(const std::array<Banded, 2>& banded) {
  std::map<std::string, size_t> problems;
  PairedParts paired{.groups = 2 * kBands};
  for (size_t t = 0; t < 2; ++t) {
    for (size_t band = 0; band < kBands; ++band) {
      for (const ScoredRow* row : banded[t][band]) {
        const size_t problem = problems.emplace(row->problem_id, problems.size()).first->second;
        paired.problems = problems.size();
        paired.cells.resize(paired.problems * paired.groups);
        Parts& cell = paired.at(problem, t * kBands + band);
        cell.numerator += row->parts.front().numerator;
        cell.denominator += row->parts.front().denominator;
        cell.count += 1;
      }
    }
  }
  return paired;
}

// Each band's mean, weighted by what the two have in common of it. A band that one of them lacks is
// left out for both; 0 / 0 where none is left.
std::array<double, 2> Weighted(const std::vector<Parts>& sums, const Shares& common,
                               const Metric& metric) {
  std::array<Parts, 2> total;
  for (size_t band = 0; band < kBands; ++band) {
    const Parts* of[2] = {&sums[band], &sums[kBands + band]};
    if (of[0]->count == 0 || of[1]->count == 0) continue;
    for (size_t t = 0; t < 2; ++t) {
      const double weight = common[band] / of[t]->count;
      total[t].numerator += weight * of[t]->numerator;
      total[t].denominator += weight * of[t]->denominator;
      total[t].count += common[band];
    }
  }
  return {metric.Value(total[0]), metric.Value(total[1])};
}

LengthMatch Match(const std::array<Rows, 2>& teachers, const Metric& metric,
                  const TeachersOptions& options) {
  LengthMatch match{.best_value = kNaN, .value = kNaN, .p_best_better = kNaN};
  if (teachers[0].empty() || teachers[1].empty()) return match;
  const std::array<Banded, 2> banded = IntoBands(teachers);
  Shares common;
  for (size_t band = 0; band < kBands; ++band) {
    const auto share = [&](size_t t) {
      return static_cast<double>(banded[t][band].size()) / static_cast<double>(teachers[t].size());
    };
    match.overlap += common[band] = std::min(share(0), share(1));
  }
  const PairedParts paired = PairBands(banded);
  std::vector<Parts> all(paired.groups);
  for (size_t i = 0; i < paired.cells.size(); ++i) {
    Parts& sum = all[i % paired.groups];
    sum.numerator += paired.cells[i].numerator;
    sum.denominator += paired.cells[i].denominator;
    sum.count += paired.cells[i].count;
  }
  const std::array<double, 2> values = Weighted(all, common, metric);
  match.best_value = values[0];
  match.value = values[1];
  std::array<std::vector<double>, 2> resampled;
  ForEachResample(paired, options.resamples, options.seed, [&](const std::vector<Parts>& sums) {
    const std::array<double, 2> drawn = Weighted(sums, common, metric);
    for (size_t t = 0; t < 2; ++t) resampled[t].push_back(drawn[t]);
  });
  match.p_best_better = OrderShare(resampled[0], resampled[1], metric.better);
  return match;
}

}  // namespace

void MatchLengths(const ScoredRows& data, const TeachersOptions& options, TeachersReport& report) {
  if (report.teachers.empty()) return;
  const std::string& best = report.teachers.front().teacher;
  const Rows rows_of_best = RowsOf(data, best);
  for (size_t i = 1; i < report.teachers.size(); ++i) {
    const std::string& name = report.teachers[i].teacher;
    const int64_t problems =
        std::min(report.teachers.front().problems, report.teachers[i].problems);
    LengthMatch match = Match({rows_of_best, RowsOf(data, name)}, *data.metrics.front(), options);
    match.teacher = name;
    if (match.p_best_better <= 1 - report.confidence && match.overlap >= kLittleOverlap &&
        problems >= static_cast<int64_t>(kFewProblems)) {
      report.warnings.push_back(fmt::format(
          "at equal lengths '{}' is better than '{}' (P {:.3f}): its place comes from its lengths",
          name, best, 1 - match.p_best_better));
    }
    report.length_matched.push_back(std::move(match));
  }
}

}  // namespace rsr
