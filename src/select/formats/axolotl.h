// Axolotl: messages for its `chat_template` type, and the lines of its configuration that read
// them.
#pragma once

#include <string>

#include "select/formats/chat_json.h"

namespace rsr {

// {"messages", "tools"}; every message says in `train` whether it is trained on.
Json AxolotlRow(const Trajectory& chat, bool last_only);

// axolotl.yaml. `data`: path of the file; `mask`: the policy the scores were made with.
std::string AxolotlConfig(const std::string& data, const std::string& mask);

}  // namespace rsr
