#include "data/messages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "base/printable.h"

namespace rsr {
namespace {

using simdjson::dom::element;

// Either of two names a field goes by: the OpenAI form's and ShareGPT's.
std::string_view Either(const Fields& message, std::string_view field, std::string_view other) {
  return !message.Has(field) && message.Has(other) ? other : field;
}

std::string Content(const Fields& message) {
  const std::string_view field = Either(message, "content", "value");
  const auto value = message.Find(field);
  if (!value) return "";
  if (value->is_string()) return message.Text(field);
  simdjson::dom::array parts;
  if (value->get(parts)) {
    throw BadField(message.Where(field), "a string, a list of text parts or null",
                   Describe(*value));
  }
  std::string content;
  size_t index = 0;
  for (const element part : parts) {
    const std::string here = fmt::format("{}[{}]", message.Where(field), index++);
    simdjson::dom::object object;
    if (part.get(object)) throw BadField(here, R"({"type": "text", "text": ...})", Describe(part));
    static const FieldMap kUnmapped;
    const Fields fields(object, kUnmapped, here + ".");
    const std::string type = fields.Text("type");
    if ((!type.empty() && type != "text") || !fields.Has("text")) {
      throw BadField(here, R"({"type": "text", "text": ...}: only text can be scored)",
                     Describe(part));
    }
    content += fields.Text("text");
  }
  return content;
}

struct RoleName {
  const char* name;
  Role role;
  bool is_call = false;  // the content is a tool call
};

RoleName ParseRole(const Fields& message) {
  static constexpr RoleName kRoles[] = {{"system", Role::kSystem},
                                        {"developer", Role::kSystem},
                                        {"user", Role::kUser},
                                        {"human", Role::kUser},
                                        {"assistant", Role::kAssistant},
                                        {"gpt", Role::kAssistant},
                                        {"chatgpt", Role::kAssistant},
                                        {"model", Role::kAssistant},
                                        {"bot", Role::kAssistant},
                                        {"function_call", Role::kAssistant, true},
                                        {"tool_call", Role::kAssistant, true},
                                        {"tool", Role::kTool},
                                        {"function", Role::kTool},
                                        {"observation", Role::kTool},
                                        {"function_response", Role::kTool},
                                        {"tool_response", Role::kTool},
                                        {"ipython", Role::kTool}};
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const RoleName& role : kRoles) names.push_back(role.name);
    return names;
  }();
  const std::string_view field = Either(message, "role", "from");
  const std::string name = message.Text(field);
  if (name.empty()) {
    throw BadField(message.Where(field), fmt::format("one of {}", fmt::join(kNames, ", ")), "none");
  }
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    throw BadRow{"unknown-role", fmt::format("`{}` is `{}`; {}", message.Where(field),
                                             Excerpt(name), NearestHint(name, kNames))};
  }
  return kRoles[found - kNames.begin()];
}

// The fields by which trainers and harnesses leave a message out of the loss: Axolotl's and
// LLaMA-Factory's `train`, OpenAI's `weight` (any positive number trains), `prefilled` for text
// that a harness wrote.
bool Trained(const Fields& message) {
  const auto weight = message.Find("weight");
  double factor = 1;
  if (weight && (weight->get(factor) || factor < 0)) {
    throw BadField(message.Where("weight"), "a number of at least 0", Describe(*weight));
  }
  const bool train = message.Label("train").value_or(true);
  const bool prefilled = message.Label("prefilled").value_or(false);
  return factor > 0 && train && !prefilled;
}

std::string JsonList(const Fields& message, std::string_view field, simdjson::dom::parser* nested) {
  const auto list = message.List(field, nested);
  return !list || list->begin() == list->end() ? "" : simdjson::to_string(*list);
}

// ShareGPT's function_call: the content is a call or a list of them, {"name", "arguments"}, as
// LLaMA-Factory reads it; here in the OpenAI form.
std::string CallsOf(const Message& message, const std::string& where,
                    simdjson::dom::parser* nested) {
  const BadRow bad = BadField(where, R"(a JSON object {"name": ..., "arguments": ...}, or a list)",
                              Excerpt(message.content));
  element parsed;
  if (nested->parse(message.content).get(parsed)) throw bad;
  std::vector<element> calls;
  if (simdjson::dom::array list; !parsed.get(list)) {
    for (const element call : list) calls.push_back(call);
  } else {
    calls.push_back(parsed);
  }
  if (calls.empty()) throw bad;
  std::string json;
  for (const element call : calls) {
    std::string_view name;
    if (!call.is_object() || call["name"].get(name)) throw bad;
    json += fmt::format(R"({}{{"type":"function","function":{}}})", json.empty() ? "[" : ",",
                        simdjson::to_string(call));
  }
  return json + "]";
}

}  // namespace

std::vector<Message> ParseMessages(const simdjson::dom::array& list, const std::string& where,
                                   const FieldMap& map, simdjson::dom::parser* nested) {
  std::vector<Message> messages;
  for (const element item : list) {
    const std::string name = fmt::format("{}[{}]", where, messages.size());
    simdjson::dom::object object;
    if (item.get(object)) throw BadField(name, "an object", Describe(item));
    const Fields fields(object, map, name + ".");
    Message& message = messages.emplace_back();
    const RoleName role = ParseRole(fields);
    message.role = role.role;
    message.content = Content(fields);
    for (const char* field : {"reasoning_content", "thinking", "reasoning"}) {
      if (message.reasoning.empty()) message.reasoning = fields.Text(field);
    }
    message.tool_calls = JsonList(fields, "tool_calls", nested);
    if (role.is_call) {
      message.tool_calls =
          CallsOf(message, fields.Where(Either(fields, "content", "value")), nested);
      message.content.clear();
    }
    message.name = fields.Name("name");
    message.tool_call_id = fields.Name("tool_call_id");
    message.train = Trained(fields);
  }
  return messages;
}

void RequireScorable(const std::vector<Message>& messages) {
  bool assistant = false;
  for (const Message& message : messages) {
    if (message.role != Role::kAssistant) continue;
    if (message.train) return;
    assistant = true;
  }
  throw BadRow{"no-assistant",
               assistant ? "every message of the assistant is left out by `train`, `weight` or "
                           "`prefilled`: there is nothing to score"
                         : "no message has the role assistant: there is nothing to score"};
}

}  // namespace rsr
