// A conversation as the JSON that trainers read.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "data/trajectory.h"

namespace rsr {

using Json = nlohmann::ordered_json;

// Thrown where a trainer's format cannot say what a row says. `reason`: a slug to count by.
struct Unfit {
  std::string reason, message;
};

// Arguments of a tool call: text in OpenAI's form; the object in it is what chat templates print.
enum class Arguments { kText, kObject };

// The list in OpenAI's form, {"type": "function", "function": {"name", "arguments"}}, also where
// the row has the functions alone.
Json ToolCallsJson(const Message& message, Arguments arguments);

// role, content, and what else the message has: reasoning_content, tool_calls, tool_call_id, name.
Json MessageJson(const Message& message, Arguments arguments);

// The tool schemas as JSON text, or null. Text, because readers of JSON Lines that infer one type
// for a column (pyarrow, datasets) fill every schema up with the fields of all the others.
Json ToolsJson(const Trajectory& chat);

// Throws Unfit if an assistant message is left out of training (Message::train) and the trainer
// named cannot do that. `last_only`: only the last assistant message is trained on.
void CheckAllTrained(const Trajectory& chat, bool last_only, const std::string& trainer);

// Index of the last assistant message.
size_t LastAssistant(const Trajectory& chat);

}  // namespace rsr
