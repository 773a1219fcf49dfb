#include "analysis/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace rsr {
namespace {

// As nothing is.
bool IsConstant(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
}

double Mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double Pearson(std::span<const double> x, std::span<const double> y) {
  const double mean_x = Mean(x), mean_y = Mean(y);
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - mean_x, dy = y[i] - mean_y;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  // One root rounds once; the product of two very large or small sums may not be representable.
  double scale = std::sqrt(xx * yy);
  if (!std::isnormal(scale)) scale = std::sqrt(xx) * std::sqrt(yy);
  return std::clamp(xy / scale, -1.0, 1.0);
}

int Sign(double difference) { return (difference > 0) - (difference < 0); }

// Kendall's tau-b: pairs that agree less those that do not, over the geometric mean of the numbers
// of pairs not tied in x and not tied in y.
double TauB(std::span<const double> x, std::span<const double> y) {
  int64_t agree = 0, untied_x = 0, untied_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const int sx = Sign(x[i] - x[j]), sy = Sign(y[i] - y[j]);
      agree += sx * sy;
      untied_x += sx != 0;
      untied_y += sy != 0;
    }
  }
  return static_cast<double>(agree) /
         std::sqrt(static_cast<double>(untied_x) * static_cast<double>(untied_y));
}

}  // namespace

std::vector<double> AverageRanks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) {
      ranks[order[i]] = static_cast<double>(begin + 1 + end) / 2;
    }
  }
  return ranks;
}

double Correlation(Coefficient coefficient, std::span<const double> x, std::span<const double> y) {
  if (IsConstant(x) || IsConstant(y)) return std::numeric_limits<double>::quiet_NaN();
  switch (coefficient) {
    case Coefficient::kSpearman:
      return Pearson(AverageRanks(x), AverageRanks(y));
    case Coefficient::kPearson:
      return Pearson(x, y);
    case Coefficient::kKendall:
      return TauB(x, y);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace rsr
