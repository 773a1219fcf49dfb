// TRL: {"messages", "tools"} for assistant_only_loss, or {"prompt", "completion", "tools"} where
// only the last answer is trained on.
#pragma once

#include "select/formats/chat_json.h"

namespace rsr {

// Throws Unfit for excluded turns: TRL's mask covers every assistant message.
Json TrlRow(const Trajectory& chat, bool last_only);

}  // namespace rsr
