// Lists of messages, as {"role", "content"} or {"from", "value"}.
#pragma once

#include <string>
#include <vector>

#include "data/json_fields.h"
#include "data/trajectory.h"

namespace rsr {

// Throws BadRow. `where`: the list's name, for messages. `nested`: for JSON within strings.
std::vector<Message> ParseMessages(const simdjson::dom::array& list, const std::string& where,
                                   const FieldMap& map, simdjson::dom::parser* nested);

// Throws BadRow unless a message of the assistant is left to score.
void RequireScorable(const std::vector<Message>& messages);

}  // namespace rsr
