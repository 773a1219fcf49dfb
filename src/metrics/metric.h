// What a metric is, and the registry each metric adds itself to from its own file.
//
// To add one: a file here that defines a `const MetricRegistrar` with a fold over one stored
// trajectory, a section in docs/metrics.md, a case in metrics_test.cc. Everything else (columns
// read, groups, bootstrap, selection, lists) follows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/run.h"

namespace rsr {

// What one trajectory contributes. The trajectory's own value is numerator / denominator; a group's
// value is the sum of numerators / the sum of denominators, so a bootstrap needs nothing but these.
//
//   mean over trajectories   {value, 1}
//   rsr of a data set        {mean clipped rank, mean surprisal}   (paper A.8, eq. 9)
//   no value (no label ...)  {0, 0}
struct Parts {
  double numerator = 0, denominator = 0;

  bool has_value() const { return numerator != 0 || denominator != 0; }
  double value() const { return numerator / denominator; }  // inf and NaN are results like others
};

// Mean of a per-token quantity as a metric's parts: no value for a trajectory without a scored
// token.
inline Parts TokenMean(double sum, const RunRow& row) {
  return row.scored_tokens > 0 ? Parts{sum / row.scored_tokens, 1} : Parts{};
}

enum class Better { kLow, kHigh, kNeither };

struct Metric {
  std::string name;
  Better better = Better::kNeither;
  std::string formula;  // of one trajectory, and of a group where that is not the mean
  std::string source;
  Parts (*fold)(const RunRow& row) = nullptr;
  uint32_t columns = RunReader::kNone;  // token columns the fold reads besides the row's sums
  int decimals = 3;                     // in printed tables
  bool quantiles = false;               // groups also show median and 95th percentile
};

// Static objects of this type fill the registry before main.
class MetricRegistrar {
 public:
  explicit MetricRegistrar(Metric metric);
};

const std::vector<Metric>& AllMetrics();            // sorted by name
const Metric& FindMetric(const std::string& name);  // throws rsr::Error with the nearest names
std::string BetterName(Better better);              // "low", "high" or "-"

// A metric that says which of two values is better; throws rsr::Error for one that does not
// (lengths).
const Metric& FindRankingMetric(const std::string& name);

}  // namespace rsr
