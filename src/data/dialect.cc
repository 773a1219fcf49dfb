#include "data/dialect.h"

#include <fmt/format.h>

#include "base/nearest.h"
#include "data/messages.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using simdjson::dom::element;

// In the order in which they are looked for: data sets that have `messages` keep `prompt` beside
// it.
constexpr Dialect kDialects[] = {Dialect::kMessages, Dialect::kShareGpt, Dialect::kAlpaca,
                                 Dialect::kPrompt};

// The answer's field in a prompt row.
std::string_view Answer(const Fields& row) {
  return row.Has("completion") ? "completion" : "response";
}

std::vector<Message> ParseList(const Fields& row, std::string_view field, const char* expected,
                               NestedParsers* parsers) {
  const auto value = row.Find(field);
  const BadRow bad = {"no-messages", fmt::format("`{}`: expected a list of {}, got {}",
                                                 row.Where(field), expected, Describe(*value))};
  std::optional<simdjson::dom::array> list;
  try {
    list = row.List(field, &parsers->list);
  } catch (const BadRow&) {
    throw bad;
  }
  if (!list || list->begin() == list->end()) throw bad;
  return ParseMessages(*list, row.Where(field), row.map(), &parsers->nested);
}

Message MakeMessage(Role role, std::string content) {
  Message message;
  message.role = role;
  message.content = std::move(content);
  return message;
}

// Instruction and input, as LLaMA-Factory joins them, behind the turns before.
std::vector<Message> ParseAlpaca(const Fields& row, NestedParsers* parsers) {
  std::vector<Message> messages;
  if (const auto history = row.List("history", &parsers->nested)) {
    size_t index = 0;
    for (const element turn : *history) {
      simdjson::dom::array pair;
      std::string_view texts[2];
      size_t size = 0;
      bool good = !turn.get(pair);
      if (good) {
        for (const element text : pair) good = good && size < 2 && !text.get(texts[size++]);
      }
      if (!good || size != 2) {
        throw BadField(fmt::format("{}[{}]", row.Where("history"), index),
                       "a list of two strings, what the user and what the assistant said",
                       Describe(turn));
      }
      messages.push_back(MakeMessage(Role::kUser, std::string(texts[0])));
      messages.push_back(MakeMessage(Role::kAssistant, std::string(texts[1])));
      ++index;
    }
  }
  std::string question = row.Text("instruction");
  const std::string input = row.Text("input");
  if (!question.empty() && !input.empty()) question += "\n";
  messages.push_back(MakeMessage(Role::kUser, question + input));
  messages.push_back(MakeMessage(Role::kAssistant, row.Text("output")));
  return messages;
}

// A side of a prompt row: a text, or messages.
std::vector<Message> ParseSide(const Fields& row, std::string_view field, Role role,
                               NestedParsers* parsers) {
  const auto value = row.Find(field);
  if (value->is_string()) return {MakeMessage(role, row.Text(field))};
  simdjson::dom::array list;
  if (value->get(list)) {
    throw BadField(row.Where(field), "a string or a list of messages", Describe(*value));
  }
  return ParseMessages(list, row.Where(field), row.map(), &parsers->nested);
}

// What the assistant said in the prompt is not trained on (TRL: completion only).
std::vector<Message> ParsePrompt(const Fields& row, NestedParsers* parsers) {
  std::vector<Message> messages = ParseSide(row, "prompt", Role::kUser, parsers);
  for (Message& message : messages) {
    if (message.role == Role::kAssistant) message.train = false;
  }
  for (Message& message : ParseSide(row, Answer(row), Role::kAssistant, parsers)) {
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace

const char* DialectName(Dialect dialect) {
  switch (dialect) {
    case Dialect::kMessages:
      return "messages";
    case Dialect::kShareGpt:
      return "sharegpt";
    case Dialect::kAlpaca:
      return "alpaca";
    case Dialect::kPrompt:
      return "prompt";
  }
  return "?";
}

std::optional<Dialect> ParseDialect(const std::string& name) {
  if (name == "auto") return std::nullopt;
  std::vector<std::string> names = {"auto"};
  for (const Dialect dialect : kDialects) {
    if (name == DialectName(dialect)) return dialect;
    names.push_back(DialectName(dialect));
  }
  throw Error("unknown --dialect '" + name + "'", NearestHint(name, names));
}

bool HasFieldsOf(Dialect dialect, const Fields& row) {
  switch (dialect) {
    case Dialect::kMessages:
      return row.Has("messages");
    case Dialect::kShareGpt:
      return row.Has("conversations");
    case Dialect::kAlpaca:
      return row.Has("instruction") && row.Has("output");
    case Dialect::kPrompt:
      return row.Has("prompt") && row.Has(Answer(row));
  }
  return false;
}

std::optional<Dialect> RecogniseDialect(const Fields& row) {
  for (const Dialect dialect : kDialects) {
    if (HasFieldsOf(dialect, row)) return dialect;
  }
  return std::nullopt;
}

std::string FieldsOf(Dialect dialect, const FieldMap& map) {
  switch (dialect) {
    case Dialect::kMessages:
      return fmt::format("`{}`", map.Column("messages"));
    case Dialect::kShareGpt:
      return fmt::format("`{}`", map.Column("conversations"));
    case Dialect::kAlpaca:
      return fmt::format("`{}` and `{}`", map.Column("instruction"), map.Column("output"));
    case Dialect::kPrompt:
      return fmt::format("`{}` and `{}` (or `{}`)", map.Column("prompt"), map.Column("completion"),
                         map.Column("response"));
  }
  return "?";
}

std::vector<Message> ParseConversation(Dialect dialect, const Fields& row, NestedParsers* parsers) {
  std::vector<Message> messages;
  switch (dialect) {
    case Dialect::kMessages:
      messages = ParseList(row, "messages", R"({"role": ..., "content": ...})", parsers);
      break;
    case Dialect::kShareGpt:
      messages = ParseList(row, "conversations", R"({"from": ..., "value": ...})", parsers);
      break;
    case Dialect::kAlpaca:
      messages = ParseAlpaca(row, parsers);
      break;
    case Dialect::kPrompt:
      messages = ParsePrompt(row, parsers);
      break;
  }
  // The OpenAI form has its system prompt among the messages; `system` means nothing there.
  const std::string system = dialect == Dialect::kMessages ? "" : row.Text("system");
  if (!system.empty() && (messages.empty() || messages.front().role != Role::kSystem)) {
    messages.insert(messages.begin(), MakeMessage(Role::kSystem, system));
  }
  RequireScorable(messages);
  return messages;
}

std::string ParseTools(Dialect dialect, const Fields& row, NestedParsers* parsers) {
  const auto list = row.List("tools", &parsers->nested);
  if (!list || list->begin() == list->end()) return "";
  if (dialect != Dialect::kShareGpt) return simdjson::to_string(*list);
  std::string json;
  for (const element tool : *list) {
    const bool bare = tool.is_object() && tool["name"].error() == simdjson::SUCCESS &&
                      tool["function"].error() != simdjson::SUCCESS;
    json += json.empty() ? "[" : ",";
    json += bare ? fmt::format(R"({{"type":"function","function":{}}})", simdjson::to_string(tool))
                 : simdjson::to_string(tool);
  }
  return json + "]";
}

}  // namespace rsr
