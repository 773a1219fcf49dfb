// Policies, truncation and what is refused, with the demo student's vocabulary and template.
#include <gtest/gtest.h>

#include "rsr/error.h"
#include "text/mask.h"

namespace rsr {
namespace {

Trajectory Conversation(const std::vector<std::pair<Role, std::string>>& messages) {
  Trajectory trajectory;
  for (const auto& [role, content] : messages) {
    Message message;
    message.role = role;
    message.content = content;
    trajectory.messages.push_back(std::move(message));
  }
  return trajectory;
}

const Trajectory kTwoTurns = Conversation({{Role::kUser, "Add 2 and 3."},
                                           {Role::kAssistant, "5"},
                                           {Role::kUser, "Double it."},
                                           {Role::kAssistant, "It is 10."}});

StudentOptions Options() {
  StudentOptions options;
  options.path = RSR_DEMO_STUDENT;
  return options;
}

std::string ScoredText(const TextSide& text, const MaskedTokens& masked) {
  std::string scored;
  for (const int32_t position : masked.positions) scored += text.Piece(masked.ids[position]) + "|";
  return scored;
}

std::string ReasonOf(const TextSide& text, const Trajectory& trajectory) {
  try {
    text.Tokenize(trajectory);
  } catch (const RowError& e) {
    return e.reason;
  }
  return "scored";
}

TEST(TextSide, PoliciesScoreWhatTheySay) {
  StudentOptions options = Options();
  auto text = TextSide::Open(options);
  MaskedTokens masked = text->Tokenize(kTwoTurns);
  EXPECT_EQ(ScoredText(*text, masked), "5|It| is| |1|0|.|");
  EXPECT_EQ(masked.turns_found, 2);
  EXPECT_EQ(masked.turns_given, 2);

  options.mask = MaskPolicy::kTurn;
  text = TextSide::Open(options);
  masked = text->Tokenize(kTwoTurns);
  EXPECT_EQ(ScoredText(*text, masked), "5|<|im_end|>|It| is| |1|0|.|<|im_end|>|");
  EXPECT_EQ(masked.kinds[1], TokenKind::kEndOfTurn);
  EXPECT_EQ(masked.kinds[2], TokenKind::kAnswer);

  options.mask = MaskPolicy::kLast;
  text = TextSide::Open(options);
  masked = text->Tokenize(kTwoTurns);
  EXPECT_EQ(ScoredText(*text, masked), "It| is| |1|0|.|");
  EXPECT_EQ(masked.turns_found, 1);
  EXPECT_EQ(masked.turns_given, 1);
}

TEST(TextSide, KindsOfInlineReasoningAndToolCalls) {
  const auto text = TextSide::Open(Options());
  const MaskedTokens masked = text->Tokenize(
      Conversation({{Role::kUser, "Weather?"},
                    {Role::kAssistant, "<think>ask</think><tool_call>{}</tool_call>Done"}}));
  std::string reasoning, tool, answer;
  for (size_t i = 0; i < masked.kinds.size(); ++i) {
    const std::string piece = text->Piece(masked.ids[masked.positions[i]]);
    (masked.kinds[i] == TokenKind::kReasoning  ? reasoning
     : masked.kinds[i] == TokenKind::kToolCall ? tool
                                               : answer) += piece;
  }
  // A token belongs to the kind of its first scored byte; the tokenizer may join the tags'
  // brackets.
  EXPECT_EQ(reasoning.substr(0, 11), "<think>ask<");
  EXPECT_NE(tool.find("tool_call"), std::string::npos);
  EXPECT_EQ(answer, "Done");
}

TEST(TextSide, TruncatesOnlyWhenAsked) {
  StudentOptions options = Options();
  options.max_tokens = 40;
  const auto short_side = TextSide::Open(options);
  const MaskedTokens cut = short_side->Tokenize(kTwoTurns);
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(cut.ids.size(), 40u);
  EXPECT_EQ(ScoredText(*short_side, cut), "5|");
  EXPECT_EQ(cut.kinds.size(), cut.positions.size());
  EXPECT_EQ(cut.turns_found, 2);  // found before the cut

  options.max_tokens = 10;
  EXPECT_EQ(ReasonOf(*TextSide::Open(options), kTwoTurns), "no-scored-tokens");

  std::string longer;
  for (int i = 0; i < 9000; ++i) longer += "apple ";
  const Trajectory too_long = Conversation({{Role::kUser, "Go."}, {Role::kAssistant, longer}});
  EXPECT_EQ(ReasonOf(*TextSide::Open(Options()), too_long), "too-long");

  // Beyond doubt too long: nothing is tokenized.
  Trajectory far_too_long = too_long;
  for (int i = 0; i < 7; ++i) longer += longer;
  far_too_long.messages[1].content = longer;
  try {
    TextSide::Open(Options())->Tokenize(far_too_long);
    ADD_FAILURE() << "scored";
  } catch (const RowError& e) {
    EXPECT_EQ(e.reason, "too-long");
    EXPECT_EQ(e.message.substr(0, 9), "at least ") << e.message;
  }
  options.max_tokens = 40;
  EXPECT_TRUE(TextSide::Open(options)->Tokenize(far_too_long).truncated);

  options.max_tokens = 100000;
  EXPECT_THROW(TextSide::Open(options), Error);
}

TEST(TextSide, RefusesTurnsThatRenderToNothing) {
  const auto text = TextSide::Open(Options());
  Trajectory row = Conversation({{Role::kUser, "Weather?"}, {Role::kAssistant, ""}});
  EXPECT_EQ(ReasonOf(*text, row), "empty-turn");
  // SmolLM2's template prints no tool_calls.
  row.messages[1].tool_calls = R"([{"type":"function","function":{"name":"w","arguments":{}}}])";
  EXPECT_EQ(ReasonOf(*text, row), "empty-turn");
}

TEST(TextSide, NamesTheTemplatesItKnows) {
  StudentOptions options = Options();
  options.chat_template = "chatlm";
  try {
    TextSide::Open(options);
    FAIL() << "accepted";
  } catch (const Error& e) {
    EXPECT_NE(e.hint().find("chatml"), std::string::npos) << e.hint();
  }
  options.chat_template = "chatml";
  const auto text = TextSide::Open(options);
  EXPECT_EQ(text->template_source(), "built-in chatml");
  EXPECT_EQ(text->Render(kTwoTurns).text.substr(0, 16), "<|im_start|>user");
  EXPECT_NE(text->template_hash(), TextSide::Open(Options())->template_hash());
}

}  // namespace
}  // namespace rsr
