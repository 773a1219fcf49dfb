// Paired bootstrap over problems: every resample draws problems, and all groups (teachers) are
// compared on that draw.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "metrics/metric.h"

namespace rsr {

// What each group contributes on each problem: the sum of its trajectories' parts, {0, 0} where it
// has none.
struct PairedParts {
  size_t problems = 0, groups = 0;
  std::vector<Parts> cells;  // [problem][group]

  Parts& at(size_t problem, size_t group) { return cells[problem * groups + group]; }
};

struct BootstrapResult {
  // [group][resample]: NaN where the resample holds none of its trajectories.
  std::vector<std::vector<double>> values;
  // [group]: share of the resamples in which it is best. A tie is shared equally. NaN is never
  // best.
  std::vector<double> p_best;
};

// Resample number b draws `problems` indices with replacement, one std::mt19937_64 (seeded once
// with `seed`) output x an index: floor(x * problems / 2^64). That is the same on every platform,
// and off from uniform by less than problems / 2^64. Sums run over problems in index order, so the
// result depends on nothing but the arguments. `visit` gets the groups' sums over the drawn
// problems.
void ForEachResample(const PairedParts& data, int resamples, uint64_t seed,
                     const std::function<void(const std::vector<Parts>& sums)>& visit);

// A group's value comes from its sums in the resample (Metric::Value), whether or not it is a ratio
// of them.
BootstrapResult PairedBootstrap(const PairedParts& data, const Metric& metric, int resamples,
                                uint64_t seed);

}  // namespace rsr
