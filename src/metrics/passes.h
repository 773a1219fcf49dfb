// The columns that further passes of the student have added to a run (docs/passes.md), joined to
// its rows.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "metrics/scored_rows.h"

namespace rsr {

// Whether every run has all of that pass; true for "".
bool HavePass(const std::vector<std::string>& runs, const std::string& pass);

// Of the last of `runs`: all passes that the metrics read. Projections are kept only for metrics
// made of them (2 kB a trajectory).
class Passes {
 public:
  // Throws rsr::Error if the run lacks a pass, naming the command that makes it, or if a pass is of
  // another run or made with other options than the first run's.
  Passes(const std::vector<ScoredRows::Run>& runs, const std::vector<const Metric*>& metrics);

  // Null if no metric reads a pass. Throws rsr::Error for a row that the passes do not have.
  const PassColumns* Of(const RunRow& row) const;

 private:
  void Read(const std::vector<ScoredRows::Run>& runs, const std::string& pass, bool lists);

  std::string run_;
  std::vector<std::string> names_;
  struct Row {
    PassColumns columns;
    size_t passes = 0;  // that have it
  };
  std::unordered_map<int64_t, Row> rows_;  // by RunRow::row
};

}  // namespace rsr
