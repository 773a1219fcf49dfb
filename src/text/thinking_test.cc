// --thinking, excluded messages and the reference mask, with the demo student's vocabulary.
#include "text/thinking.h"

#include <gtest/gtest.h>

#include "data/reader.h"
#include "rsr/error.h"
#include "text/mask.h"

namespace rsr {
namespace {

const std::string kTemplates = std::string(RSR_LLAMA_ROOT) + "/models/templates/";

Message Say(Role role, std::string content, std::string reasoning = "") {
  Message message;
  message.role = role;
  message.content = std::move(content);
  message.reasoning = std::move(reasoning);
  return message;
}

Trajectory Talk(const std::string& first, const std::string& first_thought,
                const std::string& second, const std::string& second_thought) {
  Trajectory talk;
  talk.messages = {Say(Role::kUser, "Is 91 prime?"), Say(Role::kAssistant, first, first_thought),
                   Say(Role::kUser, "And 97?"), Say(Role::kAssistant, second, second_thought)};
  return talk;
}

const Trajectory kField = Talk("No.", "7 * 13 = 91.", "Yes.", "No divisor up to 9.");
const Trajectory kInline = Talk("<think>\n7 * 13 = 91.\n</think>\n\nNo.", "",
                                "<think>\nNo divisor up to 9.\n</think>\n\nYes.", "");

struct Scored {
  std::string text;  // turns apart by |
  Stripped stripped;
};

Scored Render(const std::string& chat_template, ThinkingPolicy thinking, const Trajectory& talk) {
  StudentOptions options;
  options.path = RSR_DEMO_STUDENT;
  options.chat_template =
      chat_template.ends_with(".jinja") ? kTemplates + chat_template : chat_template;
  options.thinking = thinking;
  const TextSide::Rendered rendered = TextSide::Open(options)->Render(talk);
  Scored scored{"", rendered.stripped};
  for (size_t i = 0; i < rendered.spans.size(); ++i) {
    const auto& span = rendered.spans[i];
    if (i > 0 && span.turn != rendered.spans[i - 1].turn) scored.text += "|";
    scored.text += rendered.text.substr(span.begin, span.end - span.begin);
  }
  return scored;
}

TEST(Thinking, AsTemplateLeavesItToTheTemplateAndCountsWhatIsStripped) {
  for (const Trajectory& talk : {kField, kInline}) {
    const Scored scored = Render("Qwen-Qwen3-0.6B.jinja", ThinkingPolicy::kAsTemplate, talk);
    EXPECT_EQ(scored.text, "No.|<think>\nNo divisor up to 9.\n</think>\n\nYes.");
    EXPECT_EQ(scored.stripped.reasoning_turns, 1);
    EXPECT_EQ(scored.stripped.reasoning_chars, 12);
    EXPECT_EQ(scored.stripped.content_turns, 0);
  }
  // A template that knows no field prints no field.
  const Scored scored = Render("chatml", ThinkingPolicy::kAsTemplate, kField);
  EXPECT_EQ(scored.text, "No.|Yes.");
  EXPECT_EQ(scored.stripped.reasoning_turns, 2);
  EXPECT_EQ(scored.stripped.reasoning_chars, 31);
}

TEST(Thinking, KeepAsksTheTemplateForEarlierTurns) {
  // One with a switch for it, one without any, one that knows no field.
  Scored scored = Render("Qwen3.5-4B.jinja", ThinkingPolicy::kKeep, kInline);
  EXPECT_EQ(scored.stripped.reasoning_turns,
            Render("Qwen3.5-4B.jinja", ThinkingPolicy::kKeep, kField).stripped.reasoning_turns);
  scored = Render("GLM-4.7-Flash.jinja", ThinkingPolicy::kKeep, kInline);
  EXPECT_EQ(scored.text, "7 * 13 = 91.</think>No.|No divisor up to 9.</think>Yes.");
  EXPECT_EQ(scored.stripped.reasoning_turns, 0);
  scored = Render("Qwen-Qwen3-0.6B.jinja", ThinkingPolicy::kKeep, kField);
  EXPECT_EQ(scored.text, "No.|<think>\nNo divisor up to 9.\n</think>\n\nYes.");
  EXPECT_EQ(scored.stripped.reasoning_turns, 1);
  scored = Render("chatml", ThinkingPolicy::kKeep, kField);
  EXPECT_EQ(scored.text,
            "<think>\n7 * 13 = 91.\n</think>\n\nNo.|"
            "<think>\nNo divisor up to 9.\n</think>\n\nYes.");
  EXPECT_EQ(scored.stripped.reasoning_turns, 0);
}

TEST(Thinking, DropRemovesIt) {
  for (const Trajectory& talk : {kField, kInline}) {
    for (const char* chat_template :
         {"chatml", "Qwen-Qwen3-0.6B.jinja", "GLM-4.6.jinja", "ByteDance-Seed-OSS.jinja"}) {
      const Scored scored = Render(chat_template, ThinkingPolicy::kDrop, talk);
      EXPECT_EQ(scored.text, "No.|Yes.") << chat_template;
      EXPECT_EQ(scored.stripped.reasoning_turns, 0);
      EXPECT_EQ(scored.stripped.content_turns, 0);
    }
  }
}

TEST(Thinking, TakesApartWhatWasSaid) {
  const auto reasoning = [](const std::string& content) {
    const Message message = Say(Role::kAssistant, content);
    return std::string(TakeApart(message).reasoning);
  };
  EXPECT_EQ(reasoning("<think>a</think>b"), "a");
  EXPECT_EQ(reasoning("\n<think>\na\n</think>\n\nb"), "a");
  EXPECT_EQ(reasoning("a</think>b"), "a");  // the prompt ended in the opening tag
  EXPECT_EQ(reasoning("<think>never closed"), "");
  EXPECT_EQ(reasoning("The tag <think>x</think> in prose"), "");
  EXPECT_EQ(reasoning("<seed:think>a</seed:think>b"), "a");
}

TEST(ExcludedMessages, AreRenderedAndNotScored) {
  Trajectory talk = kField;
  talk.messages[1].train = false;
  StudentOptions options;
  options.path = RSR_DEMO_STUDENT;
  options.chat_template = "chatml";
  const auto text = TextSide::Open(options);
  const MaskedTokens masked = text->Tokenize(talk);
  EXPECT_EQ(masked.turns_given, 1);
  EXPECT_EQ(masked.turns_found, 1);
  EXPECT_EQ(masked.turns_excluded, 1);
  EXPECT_EQ(masked.stripped.reasoning_turns, 1);  // of what is scored
  std::string scored;
  for (const int32_t position : masked.positions) scored += text->Piece(masked.ids[position]);
  EXPECT_EQ(scored, "Yes.");
  EXPECT_NE(text->Render(talk).text.find("assistant\nNo."), std::string::npos);

  // An excluded one may be empty; but one must be left.
  talk.messages[1].content.clear();
  EXPECT_EQ(text->Tokenize(talk).turns_found, 1);
  talk.messages[3].train = false;
  try {
    text->Tokenize(talk);
    FAIL() << "scored";
  } catch (const RowError& e) {
    EXPECT_EQ(e.reason, "no-trained-turn");
  }

  // The last that is trained on is the last turn.
  options.mask = MaskPolicy::kLast;
  talk.messages[1] = Say(Role::kAssistant, "No.");
  const MaskedTokens last = TextSide::Open(options)->Tokenize(talk);
  EXPECT_EQ(last.positions.size(), 2u);
}

struct Counts {
  int rows = 0, turns = 0, tokens = 0;
  bool operator==(const Counts&) const = default;
};

Counts Count(MaskPolicy mask, const std::string& teacher) {
  StudentOptions options;
  options.path = RSR_DEMO_STUDENT;
  options.mask = mask;
  const auto text = TextSide::Open(options);
  TrajectoryReader reader({std::string(RSR_SOURCE_DIR) + "/tests/data/leading-whitespace.jsonl"});
  ReadItem item;
  Counts counts;
  while (reader.Next(&item)) {
    const auto& row = std::get<Trajectory>(item);
    if (row.teacher != teacher) continue;
    try {
      const MaskedTokens masked = text->Tokenize(row);
      ++counts.rows;
      counts.turns += masked.turns_found;
      counts.tokens += static_cast<int>(masked.positions.size());
    } catch (const RowError& e) {
      EXPECT_EQ(e.reason, "no-scored-tokens");
    }
  }
  return counts;
}

// Two teachers give the same answers; one begins most of them with white space. The published
// scanner scores 2 of its 6 turns and loses 54 of its 77 tokens without a word.
TEST(ReferenceMask, LosesTurnsThatBeginWithWhiteSpace) {
  EXPECT_EQ(Count(MaskPolicy::kContent, "neat"), (Counts{4, 6, 72}));
  EXPECT_EQ(Count(MaskPolicy::kReference, "neat"), (Counts{4, 6, 72}));
  EXPECT_EQ(Count(MaskPolicy::kContent, "airy"), (Counts{4, 6, 77}));
  EXPECT_EQ(Count(MaskPolicy::kReference, "airy"), (Counts{2, 2, 23}));
}

}  // namespace
}  // namespace rsr
