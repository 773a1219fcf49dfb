// Progress of what runs the student, on the printer.
#pragma once

#include <functional>

#include "cli/printer.h"
#include "rsr/score.h"

namespace rsr::cli {

// For ScoreOptions::on_progress; empty where none is shown. `printer` outlives it. Whoever made it
// calls printer.ClearStatus() at the end.
std::function<void(const ScoreProgress&)> ShowProgress(Printer& printer);

}  // namespace rsr::cli
