#include "select/formats/chat_json.h"

#include <fmt/format.h>

#include "base/json_depth.h"
#include "data/role_name.h"

namespace rsr {
namespace {

Json InForm(const Json& arguments, Arguments form) {
  if (form == Arguments::kText) return arguments.is_string() ? arguments : Json(arguments.dump());
  if (!arguments.is_string()) return arguments;
  const auto& text = arguments.get_ref<const std::string&>();
  if (NestedDeeperThan(kMostJsonDepth, text)) return arguments;
  Json parsed = Json::parse(text, nullptr, false);
  return parsed.is_discarded() ? arguments : parsed;
}

}  // namespace

Json ToolCallsJson(const Message& message, Arguments arguments) {
  Json calls = Json::array();
  if (message.tool_calls.empty()) return calls;
  for (Json& given : Json::parse(message.tool_calls)) {
    if (!given.is_object()) {
      throw Unfit{"tool-call",
                  "a tool call is no object with a name: " + given.dump().substr(0, 60)};
    }
    Json call =
        given.contains("function") ? given : Json{{"type", "function"}, {"function", given}};
    Json& function = call["function"];
    if (!function.is_object() || !function.contains("name")) {
      throw Unfit{"tool-call", "a tool call has no function name: " + given.dump().substr(0, 60)};
    }
    if (function.contains("arguments")) {
      function["arguments"] = InForm(function["arguments"], arguments);
    }
    calls.push_back(std::move(call));
  }
  return calls;
}

Json MessageJson(const Message& message, Arguments arguments) {
  Json json = {{"role", RoleName(message.role)}, {"content", message.content}};
  if (!message.reasoning.empty()) json["reasoning_content"] = message.reasoning;
  if (!message.tool_calls.empty()) json["tool_calls"] = ToolCallsJson(message, arguments);
  if (!message.tool_call_id.empty()) json["tool_call_id"] = message.tool_call_id;
  if (!message.name.empty()) json["name"] = message.name;
  return json;
}

Json ToolsJson(const Trajectory& chat) { return chat.tools.empty() ? Json() : Json(chat.tools); }

size_t LastAssistant(const Trajectory& chat) {
  size_t last = chat.messages.size() - 1;
  while (last > 0 && chat.messages[last].role != Role::kAssistant) --last;
  return last;
}

void CheckAllTrained(const Trajectory& chat, bool last_only, const std::string& trainer) {
  for (size_t i = last_only ? LastAssistant(chat) : 0; i < chat.messages.size(); ++i) {
    if (chat.messages[i].role != Role::kAssistant || chat.messages[i].train) continue;
    throw Unfit{"excluded-turn",
                fmt::format("message {} is left out of training, and {} would train on it", i + 1,
                            trainer)};
  }
}

}  // namespace rsr
