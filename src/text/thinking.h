// What a template strips of a message, reasoning above all.
#pragma once

#include "data/thinking.h"
#include "text/chat_template.h"
#include "text/mask.h"
#include "text/turns.h"

namespace rsr {

// Adds what of `message` is not in its turn.
void CountStripped(const Message& message, const MarkedText& rendered, const Turn& turn,
                   Stripped* stripped);

}  // namespace rsr
