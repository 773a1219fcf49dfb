#include "data/row_parser.h"

#include <gmock/gmock.h>

namespace rsr {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::string_literals;

Trajectory Good(const std::string& row) {
  Trajectory trajectory;
  if (const auto error = RowParser().Parse(row, &trajectory)) ADD_FAILURE() << error->text;
  return trajectory;
}

// "reason: text"
std::string Bad(const std::string& row) {
  Trajectory trajectory;
  const auto error = RowParser().Parse(row, &trajectory);
  return error ? error->reason + ": " + error->text : "accepted: " + row;
}

// A chat with these fields beside `messages`, or with this assistant message.
std::string Chat(const std::string& fields) {
  return "{" + fields + R"(, "messages": [{"role": "assistant", "content": "a"}]})";
}
std::string Assistant(const std::string& fields) {
  return R"({"messages": [{"role": "assistant", )" + fields + "}]}";
}
Message GoodMessage(const std::string& fields) { return Good(Assistant(fields)).messages.at(0); }

TEST(RowParser, FieldsOfARow) {
  const Trajectory row =
      Good(Chat(R"("id": "x", "problem_id": 7, "teacher": "t\u00e9", "source": "s", "correct": true,
      "other": {"deep": [1.5e3, null]}, "tools": [ {"name": "f", "n": 12345678901234567890} ])"));
  EXPECT_EQ(row.id, "x");
  EXPECT_EQ(row.problem_id, "7");
  EXPECT_EQ(row.teacher, "t\u00e9");
  EXPECT_EQ(row.source, "s");
  EXPECT_EQ(row.correct, true);
  EXPECT_EQ(row.tools, R"([{"name":"f","n":12345678901234567890}])");
  EXPECT_EQ(row.messages.size(), 1);

  EXPECT_EQ(Good(Chat(R"("source": {"repo": "r", "n": 1})")).source, R"({"repo":"r","n":1})");
  const Trajectory bare =
      Good(Chat(R"("id": null, "teacher": null, "correct": null, "tools": null)"));
  EXPECT_EQ(bare.id + bare.problem_id + bare.teacher + bare.source + bare.tools, "");
  EXPECT_FALSE(bare.correct.has_value());
}

TEST(RowParser, IdsMayBeNumbers) {
  EXPECT_EQ(Good(Chat(R"("id": 0)")).id, "0");
  EXPECT_EQ(Good(Chat(R"("id": -17)")).id, "-17");
  EXPECT_EQ(Good(Chat(R"("id": 18446744073709551615)")).id, "18446744073709551615");
  EXPECT_EQ(Good(Chat(R"("id": 1.5)")).id, "1.5");
  EXPECT_THAT(Bad(Chat(R"("id": [1])")),
              StartsWith("bad-field: `id`: expected a string or a number, got a list: [1]"));
}

TEST(RowParser, LabelsMayBeNumbers) {
  EXPECT_EQ(Good(Chat(R"("correct": 1)")).correct, true);
  EXPECT_EQ(Good(Chat(R"("correct": 0.0)")).correct, false);
  EXPECT_EQ(Good(Chat(R"("correct": false)")).correct, false);
  for (const char* bad : {"2", "0.5", "\"yes\"", "[]"}) {
    EXPECT_THAT(Bad(Chat("\"correct\": "s + bad)),
                StartsWith("bad-field: `correct`: expected true, false"));
  }
}

TEST(RowParser, TheLastOfTwoFieldsCountsAsInPython) {
  EXPECT_EQ(Good(Chat(R"("id": "a", "id": "b")")).id, "b");
}

TEST(RowParser, Roles) {
  const Trajectory row =
      Good(R"({"messages": [{"role": "system"}, {"role": "developer"}, {"role": "user"},
      {"role": "assistant"}, {"role": "tool"}, {"role": "function"}]})");
  std::vector<Role> roles;
  for (const Message& message : row.messages) roles.push_back(message.role);
  EXPECT_THAT(roles, testing::ElementsAre(Role::kSystem, Role::kSystem, Role::kUser,
                                          Role::kAssistant, Role::kTool, Role::kTool));
  EXPECT_EQ(Bad(R"({"messages": [{"role": "user"}, {"role": "asistant"}]})"),
            "unknown-role: `messages[1].role` is `asistant`; did you mean 'assistant'?");
  EXPECT_EQ(Bad(R"({"messages": [{"role": "judge"}]})"),
            "unknown-role: `messages[0].role` is `judge`; one of: system, developer, user, human, "
            "assistant, gpt, chatgpt, model, bot, function_call, tool_call, tool, function, "
            "observation, function_response, tool_response, ipython");
  EXPECT_THAT(Bad(R"({"messages": [{"content": "x"}]})"),
              StartsWith("bad-field: `messages[0].role`: expected one of"));
  EXPECT_THAT(Bad(R"({"messages": [{"role": 3}]})"),
              StartsWith("bad-field: `messages[0].role`: expected a string"));
}

TEST(RowParser, Content) {
  EXPECT_EQ(GoodMessage(R"("content": "\u00e9\ud83d\ude00\n\"\\\/\u0000")").content,
            "\u00e9\U0001f600\n\"\\/\0"s);
  EXPECT_EQ(GoodMessage(R"("content": null)").content, "");
  EXPECT_EQ(GoodMessage(R"("x": 1)").content, "");
  EXPECT_EQ(GoodMessage(R"("content": [])").content, "");
  EXPECT_EQ(GoodMessage(R"("content": [{"type": "text", "text": "a"}, {"text": "b"}])").content,
            "ab");
  EXPECT_THAT(Bad(Assistant(R"("content": {"text": "a"})")),
              StartsWith("bad-field: `messages[0].content`: expected a string, a list of text "
                         "parts or null, got an object"));
  EXPECT_THAT(
      Bad(Assistant(
          R"("content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": "x"}])")),
      AllOf(StartsWith("bad-field: `messages[0].content[1]`"),
            HasSubstr("only text can be scored")));
  EXPECT_THAT(Bad(Assistant(R"("content": ["a"])")),
              StartsWith("bad-field: `messages[0].content[0]`"));
  EXPECT_THAT(Bad(Assistant(R"("content": [{"type": "text", "text": 1}])")),
              StartsWith("bad-field: `messages[0].content[0].text`: expected a string"));
}

TEST(RowParser, OtherFieldsOfAMessage) {
  const Message message =
      GoodMessage(R"("content": "", "name": "Eve", "tool_call_id": 5, "tool_calls":
      [{"id": "c", "function": {"name": "f", "arguments": "{\"a\": [1]}"}}])");
  EXPECT_EQ(message.name, "Eve");
  EXPECT_EQ(message.tool_call_id, "5");
  EXPECT_EQ(message.tool_calls,
            R"([{"id":"c","function":{"name":"f","arguments":"{\"a\": [1]}"}}])");
  EXPECT_EQ(GoodMessage(R"("tool_calls": [])").tool_calls, "");
  EXPECT_EQ(GoodMessage(R"("reasoning_content": "a", "thinking": "b")").reasoning, "a");
  EXPECT_EQ(GoodMessage(R"("reasoning_content": "", "thinking": "b")").reasoning, "b");
  EXPECT_EQ(GoodMessage(R"("reasoning_content": null, "reasoning": "c")").reasoning, "c");
  EXPECT_THAT(Bad(Assistant(R"("thinking": {"a": 1})")),
              StartsWith("bad-field: `messages[0].thinking`"));
  EXPECT_THAT(Bad(Assistant(R"("tool_calls": {"a": 1})")),
              StartsWith("bad-field: `messages[0].tool_calls`: expected a list, got an object"));
}

TEST(RowParser, MessagesMayBeLeftOutOfTraining) {
  // The second message keeps the row scorable.
  const auto trained = [](const std::string& fields) {
    return Good(R"({"messages": [{"role": "assistant", "content": "a", )" + fields +
                R"(}, {"role": "assistant", "content": "b"}]})")
        .messages.at(0)
        .train;
  };
  for (const char* kept :
       {R"("x": 1)", R"("train": true)", R"("train": null)", R"("weight": 1)", R"("weight": 0.5)",
        R"("prefilled": false)", R"("weight": null, "prefilled": null)"}) {
    EXPECT_TRUE(trained(kept)) << kept;
  }
  for (const char* left_out :
       {R"("train": false)", R"("train": 0)", R"("weight": 0)", R"("weight": 0.0)",
        R"("prefilled": true)", R"("train": true, "weight": 0)"}) {
    EXPECT_FALSE(trained(left_out)) << left_out;
  }
  EXPECT_THAT(Bad(Assistant(R"("train": "no")")),
              StartsWith("bad-field: `messages[0].train`: expected true, false, 1, 0 or null"));
  EXPECT_THAT(Bad(Assistant(R"("weight": -1)")),
              StartsWith("bad-field: `messages[0].weight`: expected a number of at least 0"));
  EXPECT_THAT(Bad(Assistant(R"("weight": "0")")), StartsWith("bad-field: `messages[0].weight`"));
  EXPECT_EQ(Bad(Assistant(R"("content": "a", "train": false)")),
            "no-assistant: every message of the assistant is left out by `train`, `weight` or "
            "`prefilled`: there is nothing to score");
}

TEST(RowParser, ToolsMayBeAString) {
  EXPECT_EQ(Good(Chat(R"("tools": "[{\"name\": \"f\"}]")")).tools, R"([{"name":"f"}])");
  EXPECT_EQ(Good(Chat(R"("tools": " ")")).tools, "");
  EXPECT_EQ(Good(Chat(R"("tools": "null")")).tools, "");
  EXPECT_EQ(Good(Chat(R"("tools": "[]")")).tools, "");
  EXPECT_THAT(
      Bad(Chat(R"("tools": "search")")),
      StartsWith(
          "bad-field: `tools`: expected a list or a string that holds a JSON list, got a string"));
  EXPECT_THAT(Bad(Chat(R"("tools": "{\"name\": \"f\"}")")),
              StartsWith("bad-field: `tools`: expected a list"));
  EXPECT_THAT(Bad(Chat(R"("tools": {"name": "f"})")),
              StartsWith("bad-field: `tools`: expected a list"));
}

TEST(RowParser, Messages) {
  EXPECT_EQ(
      Bad(R"({"id": 3, "text": []})"),
      "no-messages: no conversation: expected `messages`, `conversations`, `instruction` and "
      "`output`, or `prompt` and `completion` (or `response`), got the fields id, text (--map "
      "FIELD=COLUMN names other columns)");
  EXPECT_THAT(Bad("{}"), HasSubstr("got no field (--map"));
  EXPECT_THAT(Bad(R"({"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0})"),
              HasSubstr("a, b, c, d, e, f, ... (--map"));
  EXPECT_THAT(Bad(R"({"messages": []})"),
              AllOf(StartsWith("no-messages:"), EndsWith("got a list: []")));
  EXPECT_THAT(Bad(R"({"messages": "hi"})"),
              AllOf(StartsWith("no-messages:"), EndsWith("got a string: \"hi\"")));
  EXPECT_THAT(Bad(R"({"messages": null})"), StartsWith("no-messages: no conversation"));
  EXPECT_THAT(Bad(R"({"messages": ["hi"]})"),
              StartsWith("bad-field: `messages[0]`: expected an object, got a string"));
  EXPECT_THAT(Bad(R"({"messages": [{"role": "user", "content": "q"}]})"),
              StartsWith("no-assistant: "));
}

TEST(RowParser, NotAnObject) {
  EXPECT_EQ(Bad("[1, 2]"), "not-an-object: expected a JSON object, got a list: [1,2]");
  EXPECT_EQ(Bad("5"), "not-an-object: expected a JSON object, got a number: 5");
  EXPECT_EQ(Bad("null"), "not-an-object: expected a JSON object, got null: null");
}

TEST(RowParser, InvalidJson) {
  for (const std::string& bad :
       {"{'a': 1}"s, "{\"a\": 1"s, "{\"a\": 1,}"s, "{\"a\" 1}"s, "{} {}"s, "{}x"s, "\"abc"s, "{"s,
        ""s, "\0"s, "{\"a\": \"\x01\"}"s, "{\"a\": \"\\ud800\"}"s, "{\"a\": \"\\x\"}"s,
        "{\"a\": 01}"s, "{\"a\": tru}"s}) {
    EXPECT_THAT(Bad(bad), StartsWith("invalid-json: not valid JSON: ")) << bad;
  }
  EXPECT_THAT(Bad("{'a': 1}"),
              HasSubstr("not valid JSON: The JSON document has an improper structure"));
  // Also in fields nobody reads: a trainer would fail on the row.
  EXPECT_THAT(Bad(Chat("\"other\": [1, }")), StartsWith("invalid-json: "));
  EXPECT_THAT(Bad(Chat("\"reward\": NaN")), EndsWith("(NaN is not JSON)"));
  EXPECT_THAT(
      Bad(Chat("\"n\": 123456789012345678901234567890")),
      HasSubstr("not valid JSON: Big integer value that cannot be represented using 64 bits;"));
  EXPECT_THAT(
      Bad("{\"text\": \"" + std::string(1000, 'x') + "\", \"messages\": [cut"),
      EndsWith(
          R"(expected one JSON object, got {"text": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... "messages": [cut)"));
}

TEST(RowParser, InvalidUtf8) {
  EXPECT_EQ(Bad("{\"id\": \"caf\xE9\"}"),
            "invalid-utf8: not valid UTF-8 at byte 11 of the row: {\"id\": \"caf\\xe9\"}");
  EXPECT_THAT(Bad(std::string(1000, ' ') + "\xFF"), HasSubstr("at byte 1000 of the row"));
}

TEST(RowParser, DepthBombsAreRefused) {
  const size_t n = 2'000'000;
  EXPECT_THAT(Bad(std::string(n, '[') + std::string(n, ']')),
              StartsWith("invalid-json: not valid JSON: The JSON document was too deep"));
  EXPECT_THAT(Bad(Chat("\"tools\": \"" + std::string(n, '[') + std::string(n, ']') + "\"")),
              StartsWith("bad-field: `tools`"));
}

TEST(RowParser, AnErrorKeepsTheIdAndTheParserGoesOn) {
  RowParser parser;
  Trajectory row;
  EXPECT_TRUE(parser.Parse(R"({"messages": 1, "id": "x"})", &row));
  EXPECT_EQ(row.id, "x");
  EXPECT_TRUE(parser.Parse("{", &row));
  EXPECT_FALSE(parser.Parse(Assistant(R"("content": "fine")"), &row));
  EXPECT_EQ(row.messages.at(0).content, "fine");
}

}  // namespace
}  // namespace rsr
