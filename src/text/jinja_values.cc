#include "text/jinja_values.h"

#include <jinja/limits.h>
#include <json.h>

#include <utility>

#include "base/json_depth.h"
#include "data/role_name.h"

namespace rsr {
namespace {

jinja::value String(const std::string& text, int32_t mark = 0) {
  return jinja::mk_val<jinja::value_string>(jinja::string(text, mark));
}

jinja::value FromJson(const common_json& json, int32_t mark = 0) {
  if (json.is_string()) return String(json.get<std::string>(), mark);
  if (json.is_boolean()) return jinja::mk_val<jinja::value_bool>(json.get<bool>());
  if (json.is_number_integer()) return jinja::mk_val<jinja::value_int>(json.get<int64_t>());
  if (json.is_number_float()) return jinja::mk_val<jinja::value_float>(json.get<double>());
  if (json.is_array()) {
    auto list = jinja::mk_val<jinja::value_array>();
    for (const auto& item : json) list->push_back(FromJson(item, mark));
    return list;
  }
  if (json.is_object()) {
    auto object = jinja::mk_val<jinja::value_object>();
    for (auto it = json.begin(); it != json.end(); ++it) {
      object->insert(String(it.key(), mark), FromJson(it.value(), mark));
    }
    return object;
  }
  return jinja::mk_val<jinja::value_none>();
}

// {"name": ...} as {"type": "function", "function": {"name": ...}}.
common_json Wrapped(const common_json& item) {
  if (!item.is_object() || item.contains("function") || !item.contains("name")) return item;
  common_json wrapped = common_json::object();
  if (item.contains("id")) wrapped["id"] = item.at("id");
  wrapped["type"] = "function";
  wrapped["function"] = item;
  return wrapped;
}

// Only the arguments carry the mark: templates print names and ids again with the tool's result.
// `mark` is used up only if they have any text.
jinja::value ToolCalls(const std::string& json, bool arguments_as_object, int32_t mark,
                       bool* marked) {
  auto list = jinja::mk_val<jinja::value_array>();
  for (const auto& call : common_json::parse(json)) {
    const common_json item = Wrapped(call);
    const jinja::value value = FromJson(item);
    list->push_back(value);
    if (!item.is_object() || !item.contains("function")) continue;
    const auto& function = item.at("function");
    if (!function.is_object() || !function.contains("arguments")) continue;
    // OpenAI sends arguments as a JSON string; templates that walk them or print them with tojson
    // want the object, the others the string.
    common_json arguments = function.at("arguments");
    if (arguments_as_object && arguments.is_string()) {
      const std::string text = arguments.get<std::string>();
      if (NestedDeeperThan(kMostJsonDepth, text)) throw jinja::limit_exception("nested too deep");
      const common_json parsed = common_json::parse_no_throw(text);
      if (!parsed.is_discarded()) arguments = parsed;
    } else if (!arguments_as_object && arguments.is_object()) {
      arguments = jinja::value_to_json(FromJson(arguments));
    }
    value->at("function")->insert(String("arguments"), FromJson(arguments, mark));
    *marked |= !arguments.empty();
  }
  return list;
}

}  // namespace

jinja::value MessageValues(std::span<const Message> messages, const InputShape& shape,
                           std::vector<MarkedField>* fields) {
  using Kind = MarkedField::Kind;
  auto list = jinja::mk_val<jinja::value_array>();
  for (size_t i = 0; i < messages.size(); ++i) {
    const Message& m = messages[i];
    const auto mark = [&](Kind kind) {
      fields->push_back({static_cast<int32_t>(i), kind});
      return static_cast<int32_t>(fields->size());
    };
    auto item = jinja::mk_val<jinja::value_object>();
    item->insert("role", String(RoleName(m.role)));
    const jinja::value content = String(m.content, m.content.empty() ? 0 : mark(Kind::kContent));
    if (shape.null_content && m.content.empty() && !m.tool_calls.empty()) {
      item->insert("content", jinja::mk_val<jinja::value_none>());
    } else if (shape.typed_content) {
      auto part = jinja::mk_val<jinja::value_object>();
      part->insert("type", String("text"));
      part->insert("text", content);
      auto parts = jinja::mk_val<jinja::value_array>();
      parts->push_back(part);
      item->insert("content", parts);
    } else {
      item->insert("content", content);
    }
    if (!m.reasoning.empty()) {
      item->insert(shape.reasoning_key, String(m.reasoning, mark(Kind::kReasoning)));
    }
    if (!m.tool_calls.empty()) {
      bool marked = false;
      item->insert("tool_calls", ToolCalls(m.tool_calls, shape.object_arguments,
                                           mark(Kind::kToolCalls), &marked));
      if (!marked) fields->pop_back();
    }
    if (!m.name.empty()) item->insert("name", String(m.name));
    if (!m.tool_call_id.empty()) item->insert("tool_call_id", String(m.tool_call_id));
    list->push_back(item);
  }
  return list;
}

jinja::value ToolValues(const std::string& json) {
  common_json shaped = common_json::array();
  for (const auto& tool : common_json::parse(json)) shaped.push_back(Wrapped(tool));
  return FromJson(shaped, 0);
}

}  // namespace rsr
