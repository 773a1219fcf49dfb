// Loaded rows as tables: one row a trajectory, or one a group.
#pragma once

#include <string>

#include "metrics/scored_rows.h"
#include "rsr/metrics.h"
#include "rsr/table.h"

namespace rsr {

// What to say of degenerate loops in `data`, if it was loaded with the metric repeated_8grams;
// empty for nothing.
std::string LoopWarning(const ScoredRows& data);

// As Metrics, of the joined columns that are active already.
Table MetricsOf(const MetricsOptions& options, std::vector<std::string>* warnings);

Table TrajectoryTable(const ScoredRows& data);  // in input order
// `by`: teacher, source, problem_id or a column that every run keeps; sorted by name.
Table GroupTable(const ScoredRows& data, const std::string& by);

}  // namespace rsr
