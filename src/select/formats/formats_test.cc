// What each trainer's row holds, and what it refuses.
#include <gtest/gtest.h>

#include "data/row_parser.h"
#include "select/formats/axolotl.h"
#include "select/formats/llamafactory.h"
#include "select/formats/trl.h"

namespace rsr {
namespace {

Trajectory Chat(const std::string& messages, const std::string& more = "") {
  RowParser parser;
  Trajectory chat;
  const auto error = parser.Parse("{\"messages\": [" + messages + "]" + more + "}", &chat);
  EXPECT_FALSE(error.has_value()) << error->text;
  return chat;
}

const std::string kAsk = R"({"role": "user", "content": "Weather?"},)";
const std::string kCall =
    R"({"role": "assistant", "content": "TEXT", "reasoning_content": "hm", "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "w", "arguments": "{\"city\": \"Z\u00fcrich\"}"}},
        {"name": "v", "arguments": {"n": 1.5}}]},)";
const std::string kResults =
    R"({"role": "tool", "content": "A", "tool_call_id": "c1"}, {"role": "tool", "content": "B"},)";
const std::string kAnswer = R"({"role": "assistant", "content": "Sunny."})";
const std::string kTools =
    R"(, "tools": "[{\"type\": \"function\", \"function\": {\"name\": \"w\"}}]")";

std::string Without(std::string text, const std::string& what) {
  const size_t at = text.find(what);
  return at == std::string::npos ? text : text.erase(at, what.size());
}

TEST(LlamaFactory, WritesToolCallsAndThoughtsAsItsTemplatesReadThem) {
  const Trajectory chat = Chat(kAsk + Without(kCall, "TEXT") + kResults + kAnswer, kTools);
  EXPECT_EQ(LlamaFactoryRow(chat, false), Json::parse(R"json({
    "conversations": [
      {"from": "human", "value": "Weather?"},
      {"from": "function_call", "value":
        "<think>\nhm\n</think>\n\n[{\"name\":\"w\",\"arguments\":{\"city\":\"Zürich\"}},{\"name\":\"v\",\"arguments\":{\"n\":1.5}}]"},
      {"from": "observation", "value": "A\n</tool_response>\n<tool_response>\nB"},
      {"from": "gpt", "value": "Sunny."}],
    "system": "", "tools": "[{\"type\":\"function\",\"function\":{\"name\":\"w\"}}]"})json"));
  // Text beside a call: the call in tags behind it.
  const Json row = LlamaFactoryRow(Chat(kAsk + kCall + kResults + kAnswer), false);
  EXPECT_EQ(row["conversations"][1]["value"].get<std::string>().substr(0, 39),
            "<think>\nhm\n</think>\n\nTEXT\n<tool_call>[{");
}

TEST(LlamaFactory, LeavesOutWhatNothingIsTrainedOn) {
  const Trajectory chat = Chat(R"({"role": "system", "content": "Be terse."},)" + kAsk + kAnswer +
                               R"(, {"role": "user", "content": "Thanks."})");
  const Json row = LlamaFactoryRow(chat, false);
  EXPECT_EQ(row["conversations"].size(), 2u);
  EXPECT_EQ(row["system"], "Be terse.");
  EXPECT_EQ(row["tools"], "");
}

std::string ReasonOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Unfit& unfit) {
    return unfit.reason;
  }
  return "written";
}

TEST(LlamaFactory, NamesWhatItWouldDrop) {
  const auto reason = [](const std::string& messages) {
    return ReasonOf([&] { LlamaFactoryRow(Chat(messages), false); });
  };
  EXPECT_EQ(reason(kAsk + kAnswer), "written");
  EXPECT_EQ(reason(kAnswer), "roles-do-not-alternate");
  EXPECT_EQ(reason(kAsk + kAsk + kAnswer), "roles-do-not-alternate");
  EXPECT_EQ(reason(kAsk + kAnswer + "," + kAnswer), "roles-do-not-alternate");
  EXPECT_EQ(reason(kAsk + R"({"role": "system", "content": "x"},)" + kAnswer), "system-inside");
  EXPECT_EQ(reason(kAsk + R"({"role": "assistant", "content": "", "tool_calls": [{"f": 1}]})"),
            "tool-call");
}

const std::string kLeftOut =
    kAsk + R"({"role": "assistant", "content": "Hi.", "train": false},)" + kAsk + kAnswer;

// LLaMA-Factory and TRL train on every answer; where only the last is to be trained on, the others
// may be left out.
TEST(Formats, ExcludedTurns) {
  const Trajectory chat = Chat(kLeftOut);
  EXPECT_EQ(ReasonOf([&] { LlamaFactoryRow(chat, false); }), "excluded-turn");
  EXPECT_EQ(ReasonOf([&] { LlamaFactoryRow(chat, true); }), "written");
  EXPECT_EQ(ReasonOf([&] { TrlRow(chat, false); }), "excluded-turn");
  EXPECT_EQ(ReasonOf([&] { TrlRow(chat, true); }), "written");
  const auto trained = [](const Json& row) {
    std::string flags;
    for (const Json& message : row["messages"]) flags += message["train"].get<bool>() ? '1' : '0';
    return flags;
  };
  EXPECT_EQ(trained(AxolotlRow(chat, false)), "0001");
  EXPECT_EQ(trained(AxolotlRow(Chat(kAsk + kAnswer + "," + kAsk + kAnswer), false)), "0101");
  EXPECT_EQ(trained(AxolotlRow(Chat(kAsk + kAnswer + "," + kAsk + kAnswer), true)), "0001");
}

TEST(Trl, MessagesOrPromptAndCompletion) {
  const Trajectory chat = Chat(
      kAsk + kCall + kResults + kAnswer + R"(, {"role": "user", "content": "Thanks."})", kTools);
  const Json row = TrlRow(chat, false);
  EXPECT_EQ(row["messages"].size(), 6u);
  EXPECT_EQ(row["messages"][1], Json::parse(R"({
    "role": "assistant", "content": "TEXT", "reasoning_content": "hm", "tool_calls": [
      {"id": "c1", "type": "function", "function": {"name": "w", "arguments": {"city": "Zürich"}}},
      {"type": "function", "function": {"name": "v", "arguments": {"n": 1.5}}}]})"));
  EXPECT_EQ(row["messages"][2],
            Json::parse(R"({"role": "tool", "content": "A", "tool_call_id": "c1"})"));
  EXPECT_EQ(row["tools"], R"([{"type":"function","function":{"name":"w"}}])");
  const Json last = TrlRow(chat, true);
  EXPECT_FALSE(last.contains("messages"));
  EXPECT_EQ(last["prompt"].size(), 4u);
  EXPECT_EQ(last["completion"], Json::parse("[" + kAnswer + "]"));
  EXPECT_EQ(TrlRow(Chat(kAsk + kAnswer), false)["tools"], nullptr);
}

TEST(Trl, ArgumentsThatAreNoJsonStayText) {
  const auto arguments = [](const std::string& text) {
    const Json call = {{"function", {{"name", "w"}, {"arguments", text}}}};
    const Json message = {
        {"role", "assistant"}, {"content", ""}, {"tool_calls", Json::array({call})}};
    const Json row = TrlRow(Chat(kAsk + message.dump()), false);
    return row["messages"][1]["tool_calls"][0]["function"]["arguments"];
  };
  EXPECT_EQ(arguments("{}"), Json::object());
  EXPECT_EQ(arguments("Oslo"), "Oslo");
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(arguments(deep), deep);
  const std::string closed = deep + std::string(deep.size(), ']');
  EXPECT_EQ(arguments(closed), closed);
}

TEST(Axolotl, ArgumentsAreText) {
  const Json row = AxolotlRow(Chat(kAsk + kCall + kResults + kAnswer), false);
  const Json& calls = row["messages"][1]["tool_calls"];
  EXPECT_EQ(calls[0]["function"]["arguments"], R"({"city": "Zürich"})");
  EXPECT_EQ(calls[1]["function"]["arguments"], R"({"n":1.5})");
}

TEST(Axolotl, PathIsQuoted) {
  const std::string config = AxolotlConfig("a: \"b\"/selected.jsonl", "content");
  EXPECT_NE(config.find(R"(  - path: "a: \"b\"/selected.jsonl")"), std::string::npos) << config;
}

}  // namespace
}  // namespace rsr
