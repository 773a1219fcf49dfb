// Sets to train on beside the selection, to see what the metric is worth.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/candidates.h"
#include "select/choose.h"

namespace rsr {

// In the selection's directory; in it a folder for each control, of its name.
inline constexpr const char* kControlsFolder = "controls";

// `random`, `token-matched` ...
std::string ControlName(Control control);

// How near the matched controls have to come to the selection's scored tokens.
inline constexpr double kMatchTolerance = 0.02;

// Without the rows in rules.unfit; the others of `rules` are those of the selection. Depends on
// the seed and the rows' ids, not on the order of the runs.
std::vector<Candidate> DrawControl(Control control, const Candidates& candidates,
                                   const std::vector<Candidate>& selection, const ScoredRows& data,
                                   const Rules& rules, uint64_t seed);

}  // namespace rsr
