// A conversation as the values that a chat template sees, each string marked with its owner.
#pragma once

#include <jinja/value.h>

#include <span>
#include <string>
#include <vector>

#include "data/trajectory.h"
#include "text/chat_template.h"

namespace rsr {

// What a template wants its input to look like.
struct InputShape {
  bool typed_content = false;     // content as a list of parts
  bool null_content = false;      // none instead of an empty string beside tool calls
  bool object_arguments = false;  // a tool call's arguments as an object, not as its JSON
  const char* reasoning_key = "reasoning_content";
};

// `fields` gets one entry a non-empty string field; the strings of fields[i] carry the mark i + 1.
jinja::value MessageValues(std::span<const Message> messages, const InputShape& shape,
                           std::vector<MarkedField>* fields);

// Tool schemas (JSON list). A bare schema ({"name": ...}) is wrapped the OpenAI way, as the
// templates expect it.
jinja::value ToolValues(const std::string& json);

}  // namespace rsr
