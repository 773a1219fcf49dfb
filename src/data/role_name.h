// How a role is written.
#pragma once

#include "data/trajectory.h"

namespace rsr {

// As OpenAI writes it: "system", "user", "assistant" or "tool".
const char* RoleName(Role role);

}  // namespace rsr
