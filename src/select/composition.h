// What a selection is made of, beside what it was chosen from.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/candidates.h"

namespace rsr {

// Names in SelectSummary::sets, besides those of controls.
inline constexpr const char* kCandidates = "candidates";
inline constexpr const char* kSelected = "selected";

// `selected`: indices into ScoredRows::rows.
Composition Compose(const std::string& name, const ScoredRows& data,
                    const std::vector<Candidate>& rows, const std::unordered_set<size_t>& selected);

}  // namespace rsr
