// What a person should know about a selection that is not an error.
#pragma once

#include <string>
#include <vector>

#include "rsr/select.h"
#include "select/candidates.h"
#include "select/choose.h"

namespace rsr {

// Limits that were not reached, and a choice within problems that was none.
std::vector<std::string> Warnings(const SelectOptions& options, const Candidates& candidates,
                                  const Choice& choice);

}  // namespace rsr
