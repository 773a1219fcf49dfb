#include "data/row_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/nearest.h"
#include "base/printable.h"

namespace rsr {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

const char* TypeName(const element& value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return "a list";
    case element_type::OBJECT:
      return "an object";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a boolean";
    case element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

std::string Describe(const element& value) {
  return fmt::format("{}: {}", TypeName(value), Excerpt(simdjson::to_string(value)));
}

RowError BadField(const std::string& where, const std::string& expected, const std::string& got) {
  return {"bad-field", fmt::format("`{}`: expected {}, got {}", where, expected, got)};
}

// The last one of that name, as in Python; null counts as absent.
std::optional<element> Find(const object& fields, std::string_view name) {
  std::optional<element> found;
  for (const auto field : fields) {
    if (field.key == name) found = field.value;
  }
  return found && found->is_null() ? std::nullopt : found;
}

// The functions below throw a RowError, caught in RowParser::Parse.

std::string Text(const object& fields, std::string_view name, const std::string& where) {
  const auto value = Find(fields, name);
  if (!value) return "";
  std::string_view text;
  if (value->get(text))
    throw BadField(where + std::string(name), "a string or null", Describe(*value));
  return std::string(text);
}

std::string Name(const object& fields, std::string_view name, const std::string& where = "") {
  const auto value = Find(fields, name);
  if (!value) return "";
  if (value->is_string()) return std::string(std::string_view(*value));
  if (value->is_number()) return simdjson::to_string(*value);
  throw BadField(where + std::string(name), "a string or a number", Describe(*value));
}

// People keep whole objects of provenance here; as it only groups rows, their JSON will do.
std::string Source(const object& fields) {
  const auto value = Find(fields, "source");
  return value && !value->is_string() ? simdjson::to_string(*value) : Name(fields, "source");
}

std::optional<bool> Label(const object& fields, std::string_view name,
                          const std::string& where = "") {
  const auto value = Find(fields, name);
  if (!value) return std::nullopt;
  bool label;
  double number;
  if (!value->get(label)) return label;
  if (!value->get(number) && (number == 0 || number == 1)) return number == 1;
  throw BadField(where + std::string(name), "true, false, 1, 0 or null", Describe(*value));
}

// The fields by which trainers and harnesses leave a message out of the loss: Axolotl's and
// LLaMA-Factory's `train`, OpenAI's `weight` (any positive number trains), `prefilled` for text
// that a harness wrote.
bool Trained(const object& message, const std::string& where) {
  const auto weight = Find(message, "weight");
  double factor = 1;
  if (weight && (weight->get(factor) || factor < 0)) {
    throw BadField(where + "weight", "a number of at least 0", Describe(*weight));
  }
  const bool train = Label(message, "train", where).value_or(true);
  const bool prefilled = Label(message, "prefilled", where).value_or(false);
  return factor > 0 && train && !prefilled;
}

// JSON of a list that is given as such or as a string that holds it; empty for an empty list or
// string.
std::string JsonList(const object& fields, std::string_view name, const std::string& where,
                     simdjson::dom::parser* nested) {
  auto value = Find(fields, name);
  if (!value) return "";
  std::string_view text;
  if (!value->get(text)) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "";
    element inner;
    if (nested->parse(text).get(inner)) {
      throw BadField(where + std::string(name), "a list or a string that holds a JSON list",
                     Describe(*value));
    }
    if (inner.is_null()) return "";
    value = inner;
  }
  simdjson::dom::array list;
  if (value->get(list)) throw BadField(where + std::string(name), "a list", Describe(*value));
  return list.begin() == list.end() ? "" : simdjson::to_string(*value);
}

std::string Content(const object& message, const std::string& where) {
  const auto value = Find(message, "content");
  simdjson::dom::array parts;
  if (!value || value->get(parts)) {
    if (value && !value->is_string()) {
      throw BadField(where + "content", "a string, a list of text parts or null", Describe(*value));
    }
    return Text(message, "content", where);
  }
  std::string content;
  size_t index = 0;
  for (const element part : parts) {
    const std::string here = fmt::format("{}content[{}]", where, index++);
    object fields;
    if (part.get(fields)) {
      throw BadField(here, R"({"type": "text", "text": ...})", Describe(part));
    }
    const std::string type = Text(fields, "type", here + ".");
    if ((!type.empty() && type != "text") || !Find(fields, "text")) {
      throw BadField(here, R"({"type": "text", "text": ...}: only text can be scored)",
                     Describe(part));
    }
    content += Text(fields, "text", here + ".");
  }
  return content;
}

Role ParseRole(const object& message, const std::string& where) {
  static const std::vector<std::string> kNames = {"system",    "developer", "user",
                                                  "assistant", "tool",      "function"};
  static constexpr Role kRoles[] = {Role::kSystem,    Role::kSystem, Role::kUser,
                                    Role::kAssistant, Role::kTool,   Role::kTool};
  const std::string name = Text(message, "role", where);
  if (name.empty())
    throw BadField(where + "role", fmt::format("one of {}", fmt::join(kNames, ", ")), "none");
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    throw RowError{"unknown-role", fmt::format("`{}role` is `{}`; {}", where, Excerpt(name),
                                               NearestHint(name, kNames))};
  }
  return kRoles[found - kNames.begin()];
}

std::string KeysOf(const object& fields) {
  constexpr size_t kMost = 6;
  std::vector<std::string> names;
  for (const auto field : fields) {
    if (names.size() == kMost) {
      names.push_back("...");
      break;
    }
    names.push_back(Excerpt(field.key));
  }
  return names.empty() ? "no field" : "the fields " + fmt::format("{}", fmt::join(names, ", "));
}

void RequireScorable(const std::vector<Message>& messages) {
  bool assistant = false;
  for (const Message& message : messages) {
    if (message.role != Role::kAssistant) continue;
    if (message.train) return;
    assistant = true;
  }
  throw RowError{"no-assistant",
                 assistant ? "every message of the assistant is left out by `train`, `weight` or "
                             "`prefilled`: there is nothing to score"
                           : "no message has the role assistant: there is nothing to score"};
}

std::vector<Message> ParseMessages(const object& row, simdjson::dom::parser* nested) {
  static const std::string kExpected = R"(expected a list of {"role": ..., "content": ...})";
  const auto value = Find(row, "messages");
  if (!value) throw RowError{"no-messages", "no `messages`: " + kExpected + ", got " + KeysOf(row)};
  simdjson::dom::array list;
  if (value->get(list) || list.begin() == list.end()) {
    throw RowError{"no-messages", "`messages`: " + kExpected + ", got " + Describe(*value)};
  }
  std::vector<Message> messages;
  for (const element item : list) {
    const std::string name = fmt::format("messages[{}]", messages.size()), where = name + ".";
    object fields;
    if (item.get(fields)) throw BadField(name, "an object", Describe(item));
    Message& message = messages.emplace_back();
    message.role = ParseRole(fields, where);
    message.content = Content(fields, where);
    for (const char* field : {"reasoning_content", "thinking", "reasoning"}) {
      if (message.reasoning.empty()) message.reasoning = Text(fields, field, where);
    }
    message.tool_calls = JsonList(fields, "tool_calls", where, nested);
    message.name = Name(fields, "name", where);
    message.tool_call_id = Name(fields, "tool_call_id", where);
    message.train = Trained(fields, where);
  }
  RequireScorable(messages);
  return messages;
}

RowError InvalidJson(simdjson::error_code error, std::string_view bytes) {
  std::string_view why = simdjson::error_message(error);
  if (const size_t code = why.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
      why.substr(code, 2) == ": ") {
    why.remove_prefix(code + 2);  // "TAPE_ERROR: " and the like are for programmers
  }
  std::string text =
      fmt::format("not valid JSON: {}; expected one JSON object, got {}", why, Excerpt(bytes));
  for (const std::string_view literal : {"NaN", "Infinity"}) {
    if (bytes.find(literal) != std::string_view::npos)
      text += fmt::format(" ({} is not JSON)", literal);
  }
  return {"invalid-json", text};
}

RowError InvalidUtf8(std::string_view bytes) {
  const size_t at = ValidUtf8Prefix(bytes);
  const size_t from = at - std::min<size_t>(at, 20);
  return {"invalid-utf8", fmt::format("not valid UTF-8 at byte {} of the row: {}", at,
                                      Excerpt(bytes.substr(from, 40)))};
}

}  // namespace

std::optional<RowError> RowParser::Parse(std::string_view bytes, Trajectory* row) {
  if (!simdjson::validate_utf8(bytes.data(), bytes.size())) return InvalidUtf8(bytes);
  element document;
  // The parser copies the bytes: it reads beyond their end, which may be the end of the mapped
  // file.
  const auto error = parser_.parse(bytes.data(), bytes.size()).get(document);
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error) return InvalidJson(error, bytes);
  object fields;
  if (document.get(fields)) {
    return RowError{"not-an-object", "expected a JSON object, got " + Describe(document)};
  }
  try {
    row->id = Name(fields, "id");
    row->problem_id = Name(fields, "problem_id");
    row->teacher = Name(fields, "teacher");
    row->source = Source(fields);
    row->correct = Label(fields, "correct");
    row->tools = JsonList(fields, "tools", "", &nested_parser_);
    row->messages = ParseMessages(fields, &nested_parser_);
  } catch (RowError& row_error) {
    return std::move(row_error);
  }
  return std::nullopt;
}

}  // namespace rsr
