// Values from outside the runs, by id: an LLM judge's scores, anything with a number a trajectory.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "metrics/metric.h"

namespace rsr {

struct ScoredRows;

// While one lives, FindMetric on this thread knows its columns as metrics, and LoadRows fills them.
class JoinedColumns {
 public:
  // Tables (base/delimited.h) with a column `id`; every other column is a metric, `NAME:low` or
  // `NAME:high` one that says which end is better. An empty cell is no value. Throws rsr::Error
  // with file and line for an id that is there twice in one file and for a cell that is no number;
  // with the file for a column that has the name of a metric or of another column.
  explicit JoinedColumns(const std::vector<std::string>& files);
  JoinedColumns(const JoinedColumns&) = delete;
  ~JoinedColumns();

  static const JoinedColumns* Active();  // null for none

  const std::deque<Metric>& metrics() const { return metrics_; }
  bool Has(const Metric& metric) const;
  // Throws rsr::Error with file and line for an id that no row has, of this scan and those before.
  void RequireKnown(const ScoredRows& data) const;
  // Runs that are read by several scans: `of` how many the last one is to find all ids known.
  void set_scans(size_t of) { scans_ = of; }

 private:
  struct Row {
    std::string where;           // FILE:LINE
    std::vector<double> values;  // of metrics_; NaN: none
  };

  static Parts Value(const FoldInput& in, double column);

  std::deque<Metric> metrics_;
  std::unordered_map<std::string, Row> rows_;
  size_t scans_ = 1;
  mutable size_t scanned_ = 0;
  mutable std::unordered_set<std::string> known_;  // ids that the scans so far have seen
  const JoinedColumns* outer_;
};

}  // namespace rsr
