// What one would have chosen by a metric: a teacher for a student, a metric for a new student.
#pragma once

#include <string>
#include <vector>

#include "rsr/correlate.h"

namespace rsr {

// Which end is better: as the registry says, or else by the sign of the mean coefficient.
void SetDirection(MetricCorrelation& metric, Coefficient coefficient);

std::vector<HeldOutStudent> HoldOut(const CorrelateReport& report);

// Throws rsr::Error for a pool that names a teacher which one of the students does not have.
std::vector<TeacherPick> PickTeachers(const CorrelateReport& report,
                                      const std::vector<std::string>& pool);

}  // namespace rsr
