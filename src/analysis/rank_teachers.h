// The teacher ranking on loaded rows, so that it can be tested without a run.
#pragma once

#include "analysis/bootstrap.h"
#include "metrics/scored_rows.h"
#include "rsr/teachers.h"

namespace rsr {

// `data` was loaded with options.metric as its only metric.
TeachersReport RankTeachers(const ScoredRows& data, const TeachersOptions& options);

}  // namespace rsr
