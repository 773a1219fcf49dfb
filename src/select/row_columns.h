// What the names in --where and --quota stand for.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/filter.h"
#include "metrics/scored_rows.h"

namespace rsr {

// Those of the names that only a metric can be: LoadRows has to be asked for them.
std::vector<const Metric*> MetricsNamed(const std::vector<std::string>& names);

// Every value a row has by name: its own columns, the columns the run was told to keep, metrics,
// and what is known of its problem:
//
//   problem_accuracy    share of the problem's labelled trajectories that are correct
//   problem_candidates  how many trajectories the problem has
//
// A name of several kinds is the first of them. Null: an empty text, no label, a kept column that
// the row or its run lacks, a metric without a value or NaN.
class RowColumns {
 public:
  // `data` must outlive it. Throws rsr::Error with the nearest names for an unknown one.
  RowColumns(const ScoredRows& data, const std::vector<std::string>& names);

  FilterValue Get(const std::string& name, const ScoredRow& row) const;

 private:
  using Getter = std::function<FilterValue(const ScoredRow&)>;
  Getter Find(const ScoredRows& data, const std::string& name) const;

  std::map<std::string, Getter> getters_;
};

}  // namespace rsr
