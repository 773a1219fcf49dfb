// What a person should know about a selection that is not an error.
#pragma once

#include <string>
#include <vector>

#include "rsr/select.h"
#include "select/candidates.h"
#include "select/choose.h"

namespace rsr {

// Limits that were not reached, a choice within problems that was none, controls that are not what
// they should be. Of `summary` the sets are needed.
std::vector<std::string> Warnings(const SelectOptions& options, const Candidates& candidates,
                                  const Choice& choice, const SelectSummary& summary);

}  // namespace rsr
