// What a metric is, and the registry each metric adds itself to from its own file.
//
// To add one: a file here that defines a `const MetricRegistrar`, its row in docs/metrics.md, its
// line in tests/metrics/golden.py. Everything else (columns read, groups, bootstrap, selection,
// lists) follows. A metric is either a fold over one stored trajectory, or made of other metrics'
// values over all trajectories (`needs` and `combine`): a problem's candidates, a corpus.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/fold_input.h"
#include "store/run.h"

namespace rsr {

// What one trajectory contributes. A group's are the sums of its trajectories', and what they mean
// says Metric::Value, so a bootstrap needs nothing but these.
//
//   mean over trajectories   {value, 1}
//   rsr of a data set        {mean clipped rank, mean surprisal}   (paper A.8, eq. 9)
//   no value (no label ...)  {0, 0}
struct Parts {
  double numerator = 0, denominator = 0;
  double count = 0;  // of trajectories, where Metric::group_value asks for it

  bool has_value() const { return numerator != 0 || denominator != 0; }
};

// Mean of a per-token quantity as a metric's parts: no value for a trajectory without a scored
// token.
inline Parts TokenMean(double sum, const RunRow& row) {
  return row.scored_tokens > 0 ? Parts{sum / row.scored_tokens, 1} : Parts{};
}

enum class Better { kLow, kHigh, kNeither };

// What `combine` sees: the trajectories that have a value of every metric in `needs`, in input
// order.
struct Corpus {
  std::vector<std::vector<double>> values;  // [metric of `needs`][trajectory]
  std::vector<size_t> problem;              // of each trajectory, numbered from 0
  size_t problems = 0;
};

// The projected gradients of a group's trajectories (PassColumns::projection).
struct GradientSet {
  std::vector<const std::vector<float>*> projections;  // of one length
  std::vector<size_t> problem;                         // of each, numbered from 0
  size_t problems = 0;
};

struct Metric {
  std::string name;
  Better better = Better::kNeither;
  std::string formula;  // of one trajectory, and of a group where that is not the mean
  std::string source;
  Parts (*fold)(const FoldInput& in, double parameter) = nullptr;
  uint32_t columns = RunReader::kNone;  // token columns the fold reads besides the row's sums
  bool vocabulary = false;              // the fold reads the tokens' text
  // The pass whose columns it reads (docs/passes.md): FoldInput::passes, or the projections below.
  std::string pass = {};
  // Instead of `fold`: a value for each trajectory of the corpus, or nothing at all where the
  // corpus does not determine them.
  std::vector<std::string> needs = {};  // metrics with a fold
  std::vector<double> (*combine)(const Corpus& corpus) = nullptr;
  // A group's value where it is not the ratio of the sums.
  double (*group_value)(const Parts& sums, double parameter) = nullptr;
  // Instead of a value for each trajectory: one for a group, of its gradients' projections; NaN
  // where they do not determine one.
  double (*of_gradients)(const GradientSet& set) = nullptr;
  double parameter = 0;
  // Whether `name:NUMBER` sets the parameter, and between which bounds.
  bool settable = false;
  double least = 0, most = 0;
  std::string alias = {};  // another name it is found by
  int decimals = 3;        // in printed tables
  bool quantiles = false;  // groups also show median and 95th percentile

  // inf and NaN are results like others.
  double Value(const Parts& sums) const {
    return group_value ? group_value(sums, parameter) : sums.numerator / sums.denominator;
  }
};

// Static objects of this type fill the registry before main.
class MetricRegistrar {
 public:
  explicit MetricRegistrar(Metric metric);
};

const std::vector<Metric>& AllMetrics();  // sorted by name

// `name`, or `name:NUMBER` for one with a parameter; lives as long as the process. Throws
// rsr::Error with the nearest names, or the bounds of the parameter.
const Metric& FindMetric(const std::string& name);
// By its name or alias, without a parameter; null for an unknown one.
const Metric* LookUpMetric(const std::string& name);
std::string BetterName(Better better);  // "low", "high" or "-"

// A metric that says which of two values is better; throws rsr::Error for one that does not
// (lengths).
const Metric& FindRankingMetric(const std::string& name);

}  // namespace rsr
