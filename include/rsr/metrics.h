// Metrics of stored runs; no student needed. Definitions and sources: docs/metrics.md.
#pragma once

#include <string>
#include <vector>

#include "rsr/table.h"

namespace rsr {

struct MetricsOptions {
  std::vector<std::string> runs;     // run directories, read as one
  std::vector<std::string> metrics;  // names; empty: the everyday ones; "all": every one
  std::string by = "teacher";        // teacher, source, problem_id, or trajectory (one row each)
};

// One row a group (sorted by name) or a trajectory (in input order). Throws rsr::Error for unknown
// names.
Table Metrics(const MetricsOptions& options);

// Name, direction, formula, source of every metric.
Table ListMetrics();

}  // namespace rsr
