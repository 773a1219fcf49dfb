// Metrics of stored runs; no student needed. Definitions and sources: docs/metrics.md.
#pragma once

#include <string>
#include <vector>

#include "rsr/table.h"

namespace rsr {

struct MetricsOptions {
  std::vector<std::string> runs;     // run directories, read as one
  std::vector<std::string> metrics;  // names; empty: the everyday ones; "all": every one
  std::string by = "teacher";        // teacher, source, problem_id, a column the runs keep, or
                                     // trajectory (one row each)
  // Tables (TSV or CSV) with a column `id`; their other columns, numbers, become metrics of their
  // names. NAME:high or NAME:low as a column's name says which end is better.
  std::vector<std::string> join;
};

// One row a group (sorted by name) or a trajectory (in input order); `-` where there is no value.
// Throws rsr::Error for unknown names, runs that cannot be read as one (as RankTeachers), and for a
// joined table that does not fit: an id twice or unknown, a cell that is no number. `warnings` gets
// what makes numbers look better or other than they are, e.g. degenerate loops.
Table Metrics(const MetricsOptions& options, std::vector<std::string>* warnings = nullptr);

// Name, direction, formula, source of every metric.
Table ListMetrics();

}  // namespace rsr
