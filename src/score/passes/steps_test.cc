#include "score/passes/steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rsr/error.h"
#include "score/passes/pass.h"

namespace rsr {
namespace {

using testing::ElementsAre;

std::vector<std::string> Cut(const std::string& text, StepSplit split) {
  std::vector<std::string> steps;
  size_t begin = 0;
  for (const size_t end : StepEnds(text, split)) {
    steps.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return steps;
}

TEST(Steps, Sentences) {
  const auto cut = [](const std::string& text) { return Cut(text, StepSplit::kSentence); };
  EXPECT_THAT(cut("We add. Then we stop! Why? Yes."),
              ElementsAre("We add.", " Then we stop!", " Why?", " Yes."));
  EXPECT_THAT(cut("x is 3.5 here. So it is."), ElementsAre("x is 3.5 here.", " So it is."));
  EXPECT_THAT(cut("1. Take three.\n\n2. Add five.\n"),
              ElementsAre("1. Take three.\n\n", "2. Add five.\n"));
  EXPECT_THAT(cut("Line one\nline two"), ElementsAre("Line one\n", "line two"));
  EXPECT_THAT(cut("\u52a0\u6cd5\u3002\u7136\u540e\uff01"),
              ElementsAre("\u52a0\u6cd5\u3002", "\u7136\u540e\uff01"));
  EXPECT_THAT(cut("Done now. Ok."), ElementsAre("Done now. Ok."));  // too short to stand alone
  EXPECT_THAT(cut("a"), ElementsAre("a"));
  EXPECT_THAT(cut("\n\n"), ElementsAre("\n\n"));
  EXPECT_THAT(cut(""), ElementsAre());
}

TEST(Steps, LinesAndParagraphs) {
  const std::string text = "First. Second.\nThird line\n \nNew paragraph.\n";
  EXPECT_THAT(Cut(text, StepSplit::kLine),
              ElementsAre("First. Second.\n", "Third line\n \n", "New paragraph.\n"));
  EXPECT_THAT(Cut(text, StepSplit::kParagraph),
              ElementsAre("First. Second.\nThird line\n \n", "New paragraph.\n"));
}

TEST(Steps, ATokenBelongsToTheStepOfItsFirstByteAndGapsEndSteps) {
  const std::vector<std::string> pieces = {"user", "Add it", ". ", "Now", " more.\nN", "ext", "!"};
  MaskedTokens masked;
  masked.ids = {0, 0, 1, 2, 3, 4, 5, 0, 0, 5, 6};
  masked.positions = {2, 3, 4, 5, 6, 9, 10};  // two turns
  const auto piece = [&](int32_t id) { return pieces[id]; };
  // "Add it" ". " "Now" " more.\nN" "ext" | "ext" "!": the token of "N" begins in the step before.
  EXPECT_THAT(StepsOf(masked, piece, StepSplit::kSentence), ElementsAre(0, 0, 1, 1, 2, 3, 3));
  EXPECT_THAT(StepsOf(masked, piece, StepSplit::kParagraph), ElementsAre(0, 0, 0, 0, 0, 1, 1));
}

std::string MessageOf(const std::string& pass) {
  try {
    ParsePass(pass);
  } catch (const Error& error) {
    return error.message() + " | " + error.hint();
  }
  return "";
}

TEST(ParsePass, TakesOptionsAndRefusesOthers) {
  EXPECT_EQ(ParsePass("local_surprisal")->options(), "k=4,prompt=keep,split=sentence");
  EXPECT_EQ(ParsePass("local_surprisal:split=line,k=0")->options(), "k=0,prompt=keep,split=line");
  EXPECT_EQ(ParsePass("gradients:dims=64,seed=7")->options(), "dims=64,seed=7");
  EXPECT_EQ(ParsePass("ifd")->options(), "");
  EXPECT_EQ(MessageOf("local"), "unknown pass 'local' | one of: gradients, ifd, local_surprisal");
  EXPECT_EQ(MessageOf("local_surprisal:k"),
            "pass local_surprisal: expected KEY=VALUE, got 'k' | for example "
            "local_surprisal:k=2,split=line");
  EXPECT_EQ(MessageOf("local_surprisal:k=-1"),
            "pass local_surprisal: k: expected a whole number from 0 to 1000000, got '-1' | ");
  EXPECT_EQ(MessageOf("local_surprisal:splt=line"),
            "pass local_surprisal: unknown option 'splt' | did you mean 'split'?");
  EXPECT_EQ(MessageOf("local_surprisal:split=lines"),
            "pass local_surprisal: split: expected one of sentence, line, paragraph, got 'lines' | "
            "did you mean 'line'?");
  EXPECT_EQ(MessageOf("gradients:dims=100"),
            "pass gradients: dims: expected a power of 2, got 100 | for example 512 or 1024");
  EXPECT_EQ(MessageOf("ifd:k=1,k=2"), "pass ifd: k is given twice | ");
}

}  // namespace
}  // namespace rsr
