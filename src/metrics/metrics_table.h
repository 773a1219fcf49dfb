// Loaded rows as tables: one row a trajectory, or one a group.
#pragma once

#include "metrics/scored_rows.h"
#include "rsr/table.h"

namespace rsr {

Table TrajectoryTable(const ScoredRows& data);  // in input order
Table GroupTable(const ScoredRows& data,
                 const std::string& by);  // by: teacher, source or problem_id; sorted by name

}  // namespace rsr
