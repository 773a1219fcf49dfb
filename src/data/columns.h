// Columns that options name: found in the data before anything is scored, as a typing error would
// otherwise give nulls.
#pragma once

#include <string>

#include "rsr/score.h"

namespace rsr {

// Throws rsr::Error with the nearest names if a column of `map`, `teacher_from`, `keep` or `where`
// is in none of the first rows of any file. `stdin_file`: as in TrajectoryReader; a pipe is not
// looked at.
void CheckColumns(const InputOptions& options, const std::string& stdin_file);

}  // namespace rsr
