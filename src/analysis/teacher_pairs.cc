// Neighbours of the ranking: how sure their order is, and what it would take to be surer.
#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/interval.h"
#include "analysis/rank_teachers.h"

namespace rsr {
namespace {

constexpr double kMostProblems = 1e6;  // more is as good as never

// By how much `a` is better, resample by resample; NaN where one has no value.
std::vector<double> Margins(const std::vector<double>& a, const std::vector<double>& b,
                            Better better) {
  std::vector<double> margins;
  for (size_t i = 0; i < a.size(); ++i) {
    margins.push_back(better == Better::kLow ? b[i] - a[i] : a[i] - b[i]);
  }
  return margins;
}

// Standard error of the margin: that of the resamples, which is short by (n - 1) / n.
double StandardError(const std::vector<double>& margins, size_t problems) {
  StableSum sum, squares;
  double count = 0;
  for (const double margin : margins) {
    if (std::isnan(margin)) continue;
    sum.Add(margin);
    ++count;
  }
  const double mean = sum.value() / count;
  for (const double margin : margins) {
    if (!std::isnan(margin)) squares.Add((margin - mean) * (margin - mean));
  }
  const auto n = static_cast<double>(problems);
  return std::sqrt(squares.value() / count * n / (n - 1));
}

// P(order) = Phi(margin / error), and the error falls with the root of the number of problems.
int64_t MoreProblems(double margin, double error, size_t problems, double confidence) {
  const double ratio = NormalQuantile(confidence) * error / margin;
  const double more = static_cast<double>(problems) * (ratio * ratio - 1);
  if (!(more <= kMostProblems)) return -1;  // no margin: infinite, or NaN
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(more)));
}

}  // namespace

double OrderShare(const std::vector<double>& a, const std::vector<double>& b, Better better) {
  double wins = 0, count = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    wins += a[i] == b[i] ? 0.5 : IsBetter(a[i], b[i], better) ? 1 : 0;
    ++count;
  }
  return count > 0 ? wins / count : std::numeric_limits<double>::quiet_NaN();
}

std::vector<TeacherPair> NeighbourPairs(const TeachersReport& report,
                                        const std::map<std::string, std::vector<double>>& values,
                                        size_t problems, Better better) {
  std::vector<TeacherPair> pairs;
  for (size_t i = 0; i + 1 < report.teachers.size(); ++i) {
    const TeacherRow &a = report.teachers[i], &b = report.teachers[i + 1];
    const std::vector<double>&of_a = values.at(a.teacher), &of_b = values.at(b.teacher);
    const std::vector<double> margins = Margins(of_a, of_b, better);
    const Interval interval = ResampledInterval(
        margins, static_cast<int64_t>(std::min(a.problems, b.problems)), report.confidence);
    TeacherPair pair{.better = a.teacher,
                     .worse = b.teacher,
                     .margin = better == Better::kLow ? b.value - a.value : a.value - b.value,
                     .low = interval.low,
                     .high = interval.high,
                     .p_order = OrderShare(of_a, of_b, better)};
    if (std::min(a.problems, b.problems) < static_cast<int64_t>(kFewProblems)) {
      pair.more_problems = pair.more_trajectories = -1;
    } else if (!(pair.p_order >= report.confidence)) {
      pair.more_problems =
          MoreProblems(pair.margin, StandardError(margins, problems), problems, report.confidence);
      const double each =
          static_cast<double>(a.trajectories + b.trajectories) / static_cast<double>(problems);
      pair.more_trajectories =
          pair.more_problems < 0
              ? -1
              : static_cast<int64_t>(std::ceil(static_cast<double>(pair.more_problems) * each));
    }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace rsr
