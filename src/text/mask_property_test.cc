// Random conversations (white space, text that looks like special tokens or like the header, think
// tags, tool calls) through many templates: what is scored never holds a byte that came from
// another message, and always every byte that came from the turn's own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "base/file.h"
#include "text/mask.h"
#include "text/turns.h"

namespace rsr {
namespace {

const std::vector<std::string> kEndTokens = {
    "<|im_end|>", "<|eot_id|>",      "<end_of_turn>",        "</s>",
    "<|end|>",    "<|end_of_text|>", "<｜end▁of▁sentence｜>"};

class Talker {
 public:
  Talker(unsigned seed, const TurnShape& shape) : random_(seed), shape_(shape) {}

  std::vector<Message> Talk() {
    std::vector<Message> messages;
    if (One(3)) messages.push_back(Say(Role::kSystem));
    for (int turns = 1 + static_cast<int>(random_() % 4); turns > 0; --turns) {
      messages.push_back(Say(Role::kUser));
      messages.push_back(Say(Role::kAssistant));
      if (One(4)) {
        messages.back().tool_calls = fmt::format(
            R"([{{"id":"call00001","type":"function","function":{{"name":"f","arguments":"{{\"x\":\"{}\"}}"}}}}])",
            random_() % 1000);
        messages.push_back(Say(Role::kTool));
        messages.back().tool_call_id = "call00001";
        messages.push_back(Say(Role::kAssistant));
      }
      if (One(3)) messages.back().reasoning = Text();
    }
    return messages;
  }

 private:
  bool One(unsigned in) { return random_() % in == 0; }

  Message Say(Role role) {
    Message message;
    message.role = role;
    message.content = "w" + Text();  // not only white space: such a turn is an empty one
    if (One(2)) message.content.erase(0, 1);
    if (message.content.find_first_not_of(" \n\t") == std::string::npos) message.content += "w";
    return message;
  }

  std::string Text() {
    const std::string pieces[] = {
        "yes",       " ",       "\n",       "\n\n",        "  ",           "42",
        "assistant", "user",    "é",        "🌅",           "<|im_start|>", "<|im_end|>",
        "</s>",      "<think>", "</think>", shape_.header, shape_.closing, shape_.user_header,
        "{",         "\"",      "[INST]",   "{{ x }}"};
    std::string text;
    for (int n = static_cast<int>(random_() % 8); n >= 0; --n) {
      text += pieces[random_() % std::size(pieces)];
    }
    return text;
  }

  std::mt19937 random_;
  const TurnShape& shape_;
};

class AnyTemplate : public testing::TestWithParam<const char*> {};

TEST_P(AnyTemplate, ScoresItsOwnTextAndNoOther) {
  const std::string name = GetParam();
  const char* builtin = BuiltinTemplate(name);
  const ChatTemplate chat_template(
      builtin != nullptr ? builtin
                         : ReadFile(std::string(RSR_LLAMA_ROOT) + "/models/templates/" + name),
      {.bos = "<s>", .eos = "</s>", .now = 1700000000, .where = name});
  const TurnFinder finder(chat_template, kEndTokens, name);
  int scored = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    const std::vector<Message> messages = Talker(seed, finder.shape()).Talk();
    MarkedText rendered;
    std::vector<Turn> turns;
    try {
      rendered = chat_template.Render(messages, "");
      turns = finder.Find(rendered, messages);
    } catch (const RowError& e) {
      EXPECT_TRUE(e.reason == "template-error" || e.reason == "turn-not-found") << e.message;
      continue;
    }
    ++scored;
    std::vector<int32_t> turn_of(rendered.text.size(), -1);
    for (const Turn& turn : turns) {
      ASSERT_LE(turn.begin, turn.end);
      for (int64_t byte = turn.begin; byte < turn.end; ++byte) {
        ASSERT_EQ(turn_of[byte], -1) << "two turns overlap";
        turn_of[byte] = turn.message;
      }
    }
    for (size_t byte = 0; byte < rendered.text.size(); ++byte) {
      if (rendered.owner[byte] == MarkedText::kTemplate) continue;
      const int32_t from = rendered.fields[rendered.owner[byte]].message;
      const bool own = messages[from].role == Role::kAssistant;
      ASSERT_EQ(turn_of[byte], own ? from : -1)
          << "byte " << byte << " of message " << from << " in\n"
          << rendered.text;
    }
  }
  EXPECT_GT(scored, 100);
}

INSTANTIATE_TEST_SUITE_P(
    Templates, AnyTemplate,
    testing::Values("chatml", "llama3", "mistral", "Qwen-Qwen2.5-7B-Instruct.jinja",
                    "Qwen-Qwen3-0.6B.jinja", "Qwen3.5-4B.jinja", "HuggingFaceTB-SmolLM3-3B.jinja",
                    "meta-llama-Llama-3.1-8B-Instruct.jinja",
                    "mistralai-Mistral-Nemo-Instruct-2407.jinja", "GLM-4.6.jinja",
                    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja",
                    "deepseek-ai-DeepSeek-V3.1.jinja", "microsoft-Phi-3.5-mini-instruct.jinja",
                    "ibm-granite-granite-4.0.jinja", "LFM2.5-8B-A1B.jinja",
                    "poolside-Laguna-S-2.1.jinja", "openai-gpt-oss-120b.jinja"),
    [](const auto& info) {
      std::string name = info.param;
      std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
      return name;
    });

}  // namespace
}  // namespace rsr
