// manifest.json beside a selection and each control: where each line came from and why it is there.
#pragma once

#include <string>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/candidates.h"
#include "select/choose.h"

namespace rsr {

// Of the set of that name (`selected`, or a control's), whose rows are `picks` and whose data file
// lies in `folder`. `choice`: the selection's.
std::string Manifest(const ScoredRows& data, const SelectOptions& options,
                     const SelectSummary& summary, const std::string& name,
                     const std::string& folder, const std::vector<Candidate>& picks,
                     const Choice& choice);

}  // namespace rsr
