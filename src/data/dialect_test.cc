#include "data/dialect.h"

#include <gmock/gmock.h>

#include "data/row_parser.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Trajectory Good(const std::string& row, const InputOptions& options = {}) {
  Trajectory trajectory;
  RowParser parser{RowFormat(options)};
  if (const auto bad = parser.Parse(row, &trajectory)) ADD_FAILURE() << bad->text;
  return trajectory;
}

std::string Bad(const std::string& row, const InputOptions& options = {}) {
  Trajectory trajectory;
  RowParser parser{RowFormat(options)};
  const auto bad = parser.Parse(row, &trajectory);
  return bad ? bad->reason + ": " + bad->text : "accepted: " + row;
}

// "user: text", with ! behind the role of a message that is not trained on and [calls] behind the
// text.
std::vector<std::string> Said(const Trajectory& row) {
  static constexpr const char* kRoles[] = {"system", "user", "assistant", "tool"};
  std::vector<std::string> said;
  for (const Message& message : row.messages) {
    said.push_back(std::string(kRoles[static_cast<int>(message.role)]) +
                   (message.train ? "" : "!") + ": " + message.content + message.tool_calls);
  }
  return said;
}

TEST(Dialect, ShareGpt) {
  const Trajectory row = Good(R"({"system": "Be brief.", "conversations": [
      {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"},
      {"from": "user", "value": "r"}, {"from": "assistant", "value": "b", "weight": 0},
      {"from": "observation", "value": "c"}, {"from": "model", "value": "d"}]})");
  EXPECT_EQ(row.dialect, Dialect::kShareGpt);
  EXPECT_THAT(Said(row), ElementsAre("system: Be brief.", "user: q", "assistant: a", "user: r",
                                     "assistant!: b", "tool: c", "assistant: d"));
  // The conversation's own system message wins, as in LLaMA-Factory.
  EXPECT_THAT(Said(Good(R"({"system": "row", "conversations": [{"from": "system", "value": "own"},
                           {"from": "gpt", "value": "a"}]})")),
              ElementsAre("system: own", "assistant: a"));
  EXPECT_THAT(Said(Good(R"({"conversations": "[{\"role\": \"assistant\", \"content\": \"a\"}]"})")),
              ElementsAre("assistant: a"));
  EXPECT_THAT(Bad(R"({"conversations": [{"from": "asistant", "value": "a"}]})"),
              StartsWith("unknown-role: `conversations[0].from` is `asistant`; did you mean"));
  EXPECT_THAT(Bad(R"({"conversations": [{"value": "a"}]})"),
              StartsWith("bad-field: `conversations[0].role`: expected one of system, "));
}

TEST(Dialect, ShareGptCallsAndToolsBecomeOpenAi) {
  const Trajectory row = Good(R"({"conversations": [{"from": "human", "value": "q"},
      {"from": "function_call", "value": "{\"name\": \"f\", \"arguments\": {\"x\": 1}}"},
      {"from": "observation", "value": "1"}, {"from": "gpt", "value": "a"}],
      "tools": "[{\"name\": \"f\"}, {\"type\": \"function\", \"function\": {\"name\": \"g\"}}]"})");
  EXPECT_THAT(
      Said(row),
      ElementsAre("user: q",
                  R"(assistant: [{"type":"function","function":{"name":"f","arguments":{"x":1}}}])",
                  "tool: 1", "assistant: a"));
  EXPECT_EQ(
      row.tools,
      R"([{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}])");
  const auto call = [](const std::string& value) {
    return R"({"conversations": [{"from": "function_call", "value": ")" + value + R"("}]})";
  };
  EXPECT_THAT(
      Said(Good(call(R"([{\"name\": \"f\"}, {\"name\": \"g\"}])"))),
      ElementsAre(HasSubstr(R"({"name":"f"}},{"type":"function","function":{"name":"g"}}])")));
  for (const char* value :
       {"", "f(x)", R"({\"arguments\": {}})", "[]", "[1]", R"({\"name\": 1})"}) {
    EXPECT_THAT(Bad(call(value)),
                StartsWith("bad-field: `conversations[0].value`: expected a JSON object"))
        << value;
  }
}

TEST(Dialect, Alpaca) {
  const Trajectory row = Good(
      R"({"instruction": "Add.", "input": "1 2", "output": "3", "system": "s", "history": [["h", "i"]]})");
  EXPECT_EQ(row.dialect, Dialect::kAlpaca);
  EXPECT_THAT(Said(row), ElementsAre("system: s", "user: h", "assistant: i", "user: Add.\n1 2",
                                     "assistant: 3"));
  EXPECT_THAT(Said(Good(R"({"instruction": "q", "input": "", "output": "a", "history": []})")),
              ElementsAre("user: q", "assistant: a"));
  EXPECT_THAT(Said(Good(R"({"instruction": "", "input": "q", "output": "a", "system": null})")),
              ElementsAre("user: q", "assistant: a"));
  EXPECT_THAT(Bad(R"({"instruction": "q", "output": ["a"]})"),
              StartsWith("bad-field: `output`: expected a string or null, got a list"));
  for (const char* history : {R"([["a"]])", R"([["a", "b", "c"]])", R"(["a"])", R"([["a", 1]])"}) {
    EXPECT_THAT(
        Bad(R"({"instruction": "q", "output": "a", "history": )" + std::string(history) + "}"),
        StartsWith("bad-field: `history[0]`: expected a list of two strings"))
        << history;
  }
}

TEST(Dialect, Prompt) {
  const Trajectory row = Good(R"({"prompt": "q", "completion": "a"})");
  EXPECT_EQ(row.dialect, Dialect::kPrompt);
  EXPECT_THAT(Said(row), ElementsAre("user: q", "assistant: a"));
  EXPECT_THAT(Said(Good(R"({"system": "s", "prompt": "q", "response": "a"})")),
              ElementsAre("system: s", "user: q", "assistant: a"));
  // What the assistant said in the prompt is not trained on.
  EXPECT_THAT(Said(Good(R"({"prompt": [{"role": "user", "content": "q"},
                                       {"role": "assistant", "content": "a"},
                                       {"role": "user", "content": "r"}],
                            "completion": [{"role": "assistant", "content": "b"}]})")),
              ElementsAre("user: q", "assistant!: a", "user: r", "assistant: b"));
  EXPECT_THAT(
      Bad(R"({"prompt": 3, "completion": "a"})"),
      StartsWith("bad-field: `prompt`: expected a string or a list of messages, got a number"));
  EXPECT_THAT(Bad(R"({"prompt": "q", "completion": []})"), StartsWith("no-assistant: "));
}

TEST(Dialect, IsRecognisedByTheFirstRowThatShowsIt) {
  RowParser parser;
  Trajectory row;
  const auto parse = [&](const std::string& json, int64_t line) {
    const auto bad = parser.Parse(json, &row, line);
    return bad ? bad->reason + ": " + bad->text : DialectName(row.dialect);
  };
  const std::string alpaca = R"({"instruction": "q", "output": "a"})";
  EXPECT_THAT(parse(R"({"id": 1})", 1), StartsWith("no-messages: no conversation: expected "));
  EXPECT_EQ(parse(alpaca, 2), "alpaca");
  EXPECT_EQ(
      parse(R"({"messages": [{"role": "assistant", "content": "a"}]})", 3),
      "mixed-dialects: a row of the dialect messages (`messages`): expected `instruction` and "
      "`output` as in line 2 of this file");
  EXPECT_EQ(parse(R"({"instruction": "q"})", 4),
            "no-messages: no `instruction` and `output`: expected `instruction` and `output` as in "
            "line 2 of this file, got the fields instruction");
  EXPECT_EQ(parse(alpaca, 5), "alpaca");
  parser.BeginFile();
  // Data sets that have messages keep the prompt beside them.
  EXPECT_EQ(parse(R"({"prompt": "q", "response": "a",
                      "messages": [{"role": "assistant", "content": "a"}]})",
                  1),
            "messages");
}

TEST(Dialect, MayBeForced) {
  const std::string both =
      R"({"prompt": "q", "response": "a", "messages": [{"role": "assistant", "content": "b"}]})";
  EXPECT_THAT(Said(Good(both, {.dialect = "prompt"})), ElementsAre("user: q", "assistant: a"));
  EXPECT_EQ(Bad(both, {.dialect = "alpaca"}),
            "wrong-dialect: a row of the dialect messages (`messages`): expected `instruction` and "
            "`output`, as --dialect alpaca says");
  EXPECT_EQ(
      Bad(R"({"text": "a"})", {.dialect = "sharegpt"}),
      "no-messages: no `conversations`: expected `conversations`, as --dialect sharegpt says, "
      "got the fields text");
  EXPECT_THROW(Good(both, {.dialect = "sharegtp"}), Error);
}

TEST(Dialect, ColumnsMayBeMapped) {
  const Trajectory row =
      Good(R"({"question": "q", "answer": "a", "meta": {"task": 7}, "ok": 1, "uid": "x"})",
           {.map = {{"prompt", "question"},
                    {"completion", "answer"},
                    {"problem_id", "meta.task"},
                    {"correct", "ok"},
                    {"id", "uid"}}});
  EXPECT_THAT(Said(row), ElementsAre("user: q", "assistant: a"));
  EXPECT_EQ(row.problem_id, "7");
  EXPECT_EQ(row.correct, true);
  EXPECT_EQ(row.id, "x");
  EXPECT_THAT(Said(Good(R"({"chat": [{"speaker": "bot", "text": "a"}]})",
                        {.map = {{"messages", "chat"}, {"role", "speaker"}, {"content", "text"}}})),
              ElementsAre("assistant: a"));
  EXPECT_THAT(Bad(R"({"chat": [{"speaker": "boot", "text": "a"}]})",
                  {.map = {{"messages", "chat"}, {"role", "speaker"}}}),
              StartsWith("unknown-role: `chat[0].speaker` is `boot`"));
  const auto error = [](std::vector<std::pair<std::string, std::string>> map) {
    try {
      FieldMap{std::move(map)};
    } catch (const Error& e) {
      return e.message() + " " + e.hint();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(error({{"problemid", "task"}}),
            "--map problemid=task: rsr reads no field 'problemid' did you mean 'problem_id'?");
  EXPECT_THAT(error({{"id", "a"}, {"id", "b"}}), HasSubstr("'id' is mapped twice"));
  EXPECT_THAT(error({{"id", ""}}), HasSubstr("no column named"));
}

TEST(Dialect, MapsAreReadBackFromText) {
  const FieldMap map = FieldMap::FromText("problem_id=meta.task,id=uid");
  EXPECT_EQ(map.Column("problem_id"), "meta.task");
  EXPECT_EQ(map.Column("id"), "uid");
  EXPECT_EQ(map.Column("teacher"), "teacher");
  EXPECT_EQ(FieldMap::FromText("").Column("id"), "id");
  for (const char* bad : {"id", "id=", "=x", ",", "x=y"}) {
    EXPECT_THROW(FieldMap::FromText(bad), Error) << bad;
  }
}

TEST(Dialect, BrokenToolsAreToldPerRow) {
  EXPECT_THAT(Bad(R"({"conversations": [{"from": "gpt", "value": "a"}], "tools": "[{name: f}"})"),
              StartsWith("bad-field: `tools`: expected a list or a string that holds a JSON list"));
}

}  // namespace
}  // namespace rsr
