// Reasoning in front of an answer: what --thinking does with it, and what a template strips of it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "data/trajectory.h"
#include "rsr/student.h"
#include "text/chat_template.h"
#include "text/mask.h"
#include "text/turns.h"

namespace rsr {

// An assistant message's text, taken apart. Reasoning comes from its field, or from a think block
// that begins the content.
struct SaidText {
  std::string_view reasoning;  // without white space at its ends
  std::string_view answer;     // the content behind the think block
};
SaidText TakeApart(const Message& message);

// The messages as the template is to see them. `has_field`: whether the template prints a
// reasoning field.
std::vector<Message> ApplyThinking(std::span<const Message> messages, ThinkingPolicy policy,
                                   bool has_field);

// Adds what of `message` is not in its turn.
void CountStripped(const Message& message, const MarkedText& rendered, const Turn& turn,
                   Stripped* stripped);

}  // namespace rsr
