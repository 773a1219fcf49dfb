// The ways in which rows say what was said: recognised by their fields, turned into messages.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/json_fields.h"
#include "data/trajectory.h"

namespace rsr {

const char* DialectName(Dialect dialect);  // "messages", "sharegpt", "alpaca", "prompt"

// The one named, nothing for "auto". Throws rsr::Error with the nearest name for another.
std::optional<Dialect> ParseDialect(const std::string& name);

// Whether the row has the fields the dialect needs, of whatever type; the first that fits.
bool HasFieldsOf(Dialect dialect, const Fields& row);
std::optional<Dialect> RecogniseDialect(const Fields& row);

// "`instruction` and `output`", by the columns that hold them.
std::string FieldsOf(Dialect dialect, const FieldMap& map);

// For JSON within strings: `list` for a whole conversation, `nested` for what is in its messages.
struct NestedParsers {
  simdjson::dom::parser list, nested;
};

// A row's messages, its `system` prompt in front where it has none of its own (as LLaMA-Factory
// does). Throws BadRow.
std::vector<Message> ParseConversation(Dialect dialect, const Fields& row, NestedParsers* parsers);

// The row's tools as JSON, white space removed; empty for none. ShareGPT's bare {"name", ...} are
// put into the OpenAI form, as LLaMA-Factory does.
std::string ParseTools(Dialect dialect, const Fields& row, NestedParsers* parsers);

}  // namespace rsr
