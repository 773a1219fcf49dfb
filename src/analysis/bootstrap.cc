#include "analysis/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "analysis/draw.h"

namespace rsr {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// How often each problem is drawn. Counting lets the sums below pass over the data in order instead
// of jumping about.
void Draw(std::mt19937_64& random, std::vector<uint32_t>& counts) {
  std::fill(counts.begin(), counts.end(), 0);
  for (size_t i = 0; i < counts.size(); ++i) ++counts[DrawIndex(random, counts.size())];
}

// The groups' sums over the drawn problems. Problems drawn 0 times are skipped, not multiplied: 0 *
// inf is NaN.
void SumDrawn(const PairedParts& data, const std::vector<uint32_t>& counts,
              std::vector<Parts>& sums) {
  std::fill(sums.begin(), sums.end(), Parts{});
  for (size_t p = 0; p < data.problems; ++p) {
    if (counts[p] == 0) continue;
    const double weight = counts[p];
    const Parts* cells = &data.cells[p * data.groups];
    for (size_t g = 0; g < data.groups; ++g) {
      sums[g].numerator += weight * cells[g].numerator;
      sums[g].denominator += weight * cells[g].denominator;
      sums[g].count += weight * cells[g].count;
    }
  }
}

// Groups that share the best of one resample's values; NaN: none, or undefined.
std::vector<size_t> Best(const std::vector<double>& values, Better better) {
  std::vector<size_t> best;
  for (size_t g = 0; g < values.size(); ++g) {
    const double value = values[g];
    if (std::isnan(value)) continue;
    const double leader = best.empty() ? value : values[best.front()];
    if (better == Better::kLow ? value < leader : value > leader) best.clear();
    if (best.empty() || value == leader) best.push_back(g);
  }
  return best;
}

}  // namespace

void ForEachResample(const PairedParts& data, int resamples, uint64_t seed,
                     const std::function<void(const std::vector<Parts>& sums)>& visit) {
  std::mt19937_64 random(seed);
  std::vector<uint32_t> counts(data.problems);
  std::vector<Parts> sums(data.groups);
  for (int b = 0; b < resamples; ++b) {
    Draw(random, counts);
    SumDrawn(data, counts, sums);
    visit(sums);
  }
}

BootstrapResult PairedBootstrap(const PairedParts& data, const Metric& metric, int resamples,
                                uint64_t seed) {
  BootstrapResult result{.values = std::vector<std::vector<double>>(data.groups),
                         .p_best = std::vector<double>(data.groups)};
  std::vector<double> values(data.groups);
  ForEachResample(data, resamples, seed, [&](const std::vector<Parts>& sums) {
    for (size_t g = 0; g < data.groups; ++g) {
      values[g] = sums[g].has_value() ? metric.Value(sums[g]) : kNaN;
      result.values[g].push_back(values[g]);
    }
    const std::vector<size_t> best = Best(values, metric.better);
    for (const size_t g : best) result.p_best[g] += 1.0 / static_cast<double>(best.size());
  });
  for (double& p : result.p_best) p /= resamples;
  return result;
}

}  // namespace rsr
