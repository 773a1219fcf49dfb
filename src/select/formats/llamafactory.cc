#include "select/formats/llamafactory.h"

#include <fmt/format.h>

namespace rsr {
namespace {

// What LLaMA-Factory itself puts between the results of one round of tool calls.
constexpr const char* kBetweenResults = "\n</tool_response>\n<tool_response>\n";

Json Turn(const char* from, std::string value) {
  return {{"from", from}, {"value", std::move(value)}};
}

// Calls alone are their JSON. With text beside them they stand in <tool_call> tags behind it, which
// its templates turn into the model's own; a line break between the two as Qwen's template has it.
std::string CallsText(const Message& message) {
  Json functions = Json::array();
  for (Json& call : ToolCallsJson(message, Arguments::kObject)) {
    Json& function = call["function"];
    functions.push_back(
        {{"name", function["name"]}, {"arguments", function.value("arguments", Json::object())}});
  }
  if (message.content.empty()) return functions.dump();
  return message.content + (message.content.ends_with('\n') ? "" : "\n") + "<tool_call>" +
         functions.dump() + "</tool_call>";
}

Json AssistantTurn(const Message& message) {
  const std::string thought =
      message.reasoning.empty() ? "" : "<think>\n" + message.reasoning + "\n</think>\n\n";
  if (message.tool_calls.empty()) return Turn("gpt", thought + message.content);
  return Turn("function_call", thought + CallsText(message));
}

void CheckAlternates(const Json& turns, size_t message) {
  const std::string& from = turns.back()["from"].get_ref<const std::string&>();
  const bool asks = from == "human" || from == "observation";
  if (asks == (turns.size() % 2 == 1)) return;
  throw Unfit{"roles-do-not-alternate",
              fmt::format("message {}: LLaMA-Factory drops a conversation in which the assistant "
                          "does not answer every other message, beginning with the second",
                          message + 1)};
}

}  // namespace

Json LlamaFactoryRow(const Trajectory& chat, bool last_only) {
  CheckAllTrained(chat, last_only, "LLaMA-Factory");
  Json turns = Json::array();
  std::string system;
  for (size_t i = 0; i <= LastAssistant(chat); ++i) {
    const Message& message = chat.messages[i];
    if (message.role == Role::kSystem) {
      if (i > 0) {
        throw Unfit{"system-inside", fmt::format("message {}: LLaMA-Factory takes a system message "
                                                 "only as the first",
                                                 i + 1)};
      }
      system = message.content;
      continue;
    }
    const bool result = message.role == Role::kTool;
    if (result && !turns.empty() && turns.back()["from"] == "observation") {
      turns.back()["value"].get_ref<std::string&>() += kBetweenResults + message.content;
      continue;
    }
    turns.push_back(message.role == Role::kAssistant
                        ? AssistantTurn(message)
                        : Turn(result ? "observation" : "human", message.content));
    CheckAlternates(turns, i);
  }
  return {{"conversations", turns}, {"system", system}, {"tools", chat.tools}};
}

std::string LlamaFactoryInfo(const std::string& name, const std::string& file) {
  const Json info = {
      {name,
       {{"file_name", file},
        {"formatting", "sharegpt"},
        {"columns", {{"messages", "conversations"}, {"system", "system"}, {"tools", "tools"}}}}}};
  return info.dump(2) + "\n";
}

}  // namespace rsr
