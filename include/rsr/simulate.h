// The simulation that explains the Rank-Surprisal Ratio (arXiv 2601.14249, 3.3, A.6, table 3). What
// of it is the paper's and what is ours: docs/simulate.md.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "rsr/table.h"

namespace rsr {

struct SimulateOptions {
  int seeds = 20;     // the simulation is repeated with seed, seed + 1, ...
  uint64_t seed = 1;  // of the first
};

// Means over the tokens of a set: probability under the student, surprisal (nats), rank, and the
// token ratio rank / surprisal.
struct SimulatedMeans {
  double probability = 0, surprisal = 0, rank = 0, ratio = 0;
};

struct SimulateReport {
  static constexpr std::array<const char*, 4> kSets = {"X_A", "X_B", "X_C", "X_D"};
  struct Seed {
    uint64_t seed = 0;
    std::array<SimulatedMeans, 4> sets;  // as kSets
    bool ordered = false;                // by ratio: X_B < X_D < X_A < X_C
  };
  std::vector<Seed> seeds;
};

SimulateReport Simulate(const SimulateOptions& options);  // throws rsr::Error for no seeds

Table SimulationTable(const SimulateReport& report);       // mean, lowest, highest; the paper's
Table SimulationSeedsTable(const SimulateReport& report);  // one row a seed: the four ratios

}  // namespace rsr
