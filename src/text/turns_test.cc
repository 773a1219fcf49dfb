#include "text/turns.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "rsr/error.h"
#include "text/mask.h"

namespace rsr {
namespace {

Message Make(Role role, std::string content, std::string reasoning = "") {
  Message message;
  message.role = role;
  message.content = std::move(content);
  message.reasoning = std::move(reasoning);
  return message;
}

const std::vector<std::string> kEndTokens = {
    "<|im_end|>", "<|eot_id|>",      "<end_of_turn>",        "</s>",
    "<|end|>",    "<|end_of_text|>", "<｜end▁of▁sentence｜>"};

ChatTemplate Load(const std::string& file) {
  return ChatTemplate(ReadFile(std::string(RSR_LLAMA_ROOT) + "/models/templates/" + file),
                      {.bos = "<s>", .eos = "</s>", .now = 1700000000, .where = file});
}

std::vector<std::string> TurnTexts(const ChatTemplate& chat_template,
                                   const std::vector<Message>& messages, bool with_end = false) {
  const TurnFinder finder(chat_template, kEndTokens, "test");
  const MarkedText rendered = chat_template.Render(messages, "");
  std::vector<std::string> texts;
  for (const Turn& turn : finder.Find(rendered, messages)) {
    texts.push_back(
        rendered.text.substr(turn.begin, (with_end ? turn.trained.end : turn.end) - turn.begin));
  }
  return texts;
}

struct Family {
  const char* file;
  const char* end_token;
};

class Families : public testing::TestWithParam<Family> {};

// The text of every turn comes out whole, wherever it looks like something else.
TEST_P(Families, FindsEveryTurn) {
  const ChatTemplate chat_template = Load(GetParam().file);
  const std::string end = GetParam().end_token;
  const std::vector<Message> messages = {
      Make(Role::kUser, "Add 2 and 3."),
      Make(Role::kAssistant, "5"),
      Make(Role::kUser, "5"),
      Make(Role::kAssistant, "You said 5 and so did I: assistant\nuser 5."),
      Make(Role::kUser, "And now?"),
      Make(Role::kAssistant, "The marker " + end + " ends a turn. Ďakujem 🌅")};
  const auto texts = TurnTexts(chat_template, messages);
  ASSERT_EQ(texts.size(), 3u);
  // A space that the template itself puts before the answer may belong to the turn.
  EXPECT_EQ(texts[0], "5");
  EXPECT_EQ(texts[1], messages[3].content);
  EXPECT_EQ(texts[2], messages[5].content);
  const auto closed = TurnTexts(chat_template, messages, true);
  EXPECT_EQ(closed[1], messages[3].content + end);
}

INSTANTIATE_TEST_SUITE_P(
    Templates, Families,
    testing::Values(Family{"Qwen-Qwen2.5-7B-Instruct.jinja", "<|im_end|>"},
                    Family{"Qwen-Qwen3-0.6B.jinja", "<|im_end|>"},
                    Family{"HuggingFaceTB-SmolLM3-3B.jinja", "<|im_end|>"},
                    Family{"meta-llama-Llama-3.1-8B-Instruct.jinja", "<|eot_id|>"},
                    Family{"google-gemma-2-2b-it.jinja", "<end_of_turn>"},
                    Family{"microsoft-Phi-3.5-mini-instruct.jinja", "<|end|>"},
                    Family{"mistralai-Mistral-Nemo-Instruct-2407.jinja", "</s>"},
                    Family{"deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja",
                           "<｜end▁of▁sentence｜>"},
                    Family{"ibm-granite-granite-3.3-2B-Instruct.jinja", "<|end_of_text|>"}),
    [](const auto& info) {
      std::string name = info.param.file;
      std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
      return name;
    });

TEST(TurnFinder, KeepsLeadingWhitespaceTheTemplateKeeps) {
  const ChatTemplate chat_template(BuiltinTemplate("chatml"), {});
  const std::vector<Message> messages = {Make(Role::kUser, "Write."),
                                         Make(Role::kAssistant, "\n\n  Soft rain ")};
  EXPECT_EQ(TurnTexts(chat_template, messages)[0], "\n\n  Soft rain ");
}

TEST(TurnFinder, ScoresReasoningAndNeverAnEmptyThinkBlock) {
  const ChatTemplate qwen3 = Load("Qwen-Qwen3-0.6B.jinja");
  const std::vector<Message> with = {Make(Role::kUser, "Is 91 prime?"),
                                     Make(Role::kAssistant, "No, 91 = 7 * 13.", "7 * 13 = 91.")};
  EXPECT_EQ(TurnTexts(qwen3, with)[0], "<think>\n7 * 13 = 91.\n</think>\n\nNo, 91 = 7 * 13.");
  // Inline thinking: the template takes it apart with split() and strip(), which loses its origin.
  const std::vector<Message> inline_think = {
      Make(Role::kUser, "Is 91 prime?"),
      Make(Role::kAssistant, "<think>\n7 * 13 = 91.\n</think>\n\nNo.")};
  EXPECT_EQ(TurnTexts(qwen3, inline_think)[0], "<think>\n7 * 13 = 91.\n</think>\n\nNo.");
  const std::vector<Message> without = {Make(Role::kUser, "Is 91 prime?"),
                                        Make(Role::kAssistant, "No.")};
  EXPECT_EQ(TurnTexts(qwen3, without)[0], "No.");
}

TEST(TurnFinder, FindsATurnThatIsOnlyAToolCall) {
  const ChatTemplate qwen = Load("Qwen-Qwen2.5-7B-Instruct.jinja");
  std::vector<Message> messages = {
      Make(Role::kUser, "Weather in Oslo?"), Make(Role::kAssistant, ""),
      Make(Role::kTool, "{\"temp_c\": -3}"), Make(Role::kAssistant, "It is -3 °C.")};
  messages[1].tool_calls =
      R"([{"id":"1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}])";
  const auto texts = TurnTexts(qwen, messages);
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(
      texts[0],
      "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>");
  EXPECT_EQ(texts[1], "It is -3 °C.");
}

TEST(TurnFinder, AnEmptyMessageIsATurnOfNoText) {
  const ChatTemplate chat_template(BuiltinTemplate("chatml"), {});
  const std::vector<Message> messages = {Make(Role::kUser, "Hi"), Make(Role::kAssistant, ""),
                                         Make(Role::kUser, "Hi?"),
                                         Make(Role::kAssistant, "Hello.")};
  const auto texts = TurnTexts(chat_template, messages);
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[0], "");
  EXPECT_EQ(texts[1], "Hello.");
}

TEST(ChatTemplate, BuiltinTemplatesPlaceTurns) {
  for (const std::string& name : BuiltinTemplateNames()) {
    const ChatTemplate chat_template(BuiltinTemplate(name), {.bos = "<s>", .eos = "</s>"});
    const std::vector<Message> messages = {
        Make(Role::kSystem, "Be brief."), Make(Role::kUser, "Hi"), Make(Role::kAssistant, "Hello."),
        Make(Role::kUser, "Bye"), Make(Role::kAssistant, "See you.")};
    const auto texts = TurnTexts(chat_template, messages);
    EXPECT_EQ(texts, (std::vector<std::string>{"Hello.", "See you."})) << name;
  }
}

TEST(ChatTemplate, ARefusalIsTheRowsFault) {
  const ChatTemplate chat_template(
      "{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system!') }}"
      "{% endif %}{% for m in messages %}{{ m['content'] }}{% endfor %}",
      {});
  const std::vector<Message> messages = {Make(Role::kSystem, "x"), Make(Role::kAssistant, "y")};
  try {
    chat_template.Render(messages, "");
    FAIL() << "rendered";
  } catch (const RowError& e) {
    EXPECT_EQ(e.reason, "template-error");
    EXPECT_EQ(e.message, "the chat template refused the conversation: No system!");
  }
}

TEST(ChatTemplate, ATemplateThatDoesNotParseIsNamed) {
  try {
    ChatTemplate("{% for m in messages %}", {.where = "broken.jinja"});
    FAIL() << "parsed";
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("broken.jinja"), std::string::npos) << e.message();
  }
}

TEST(ChatTemplate, OwnersSurviveManyMessages) {
  const ChatTemplate chat_template(BuiltinTemplate("chatml"), {});
  std::vector<Message> messages;
  for (int i = 0; i < 150; ++i) {
    messages.push_back(Make(Role::kUser, "same"));
    messages.push_back(Make(Role::kAssistant, "same"));
  }
  const MarkedText rendered = chat_template.Render(messages, "");
  std::vector<int> owned(messages.size());
  for (const int32_t owner : rendered.owner) {
    if (owner != MarkedText::kTemplate) ++owned[rendered.fields[owner].message];
  }
  for (const int count : owned) EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace rsr
