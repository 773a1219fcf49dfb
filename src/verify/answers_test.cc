#include "verify/answers.h"

#include <gtest/gtest.h>

namespace rsr {
namespace {

TEST(Answers, FinalAnswerIsTheLastBoxElseBehindHashesElseTheLastNumber) {
  EXPECT_EQ(FinalAnswer("first \\boxed{1}, then \\boxed{\\frac{1}{2}} and 7"), "\\frac{1}{2}");
  EXPECT_EQ(FinalAnswer("\\boxed{3} \\boxed{cut off {"), "3");
  EXPECT_EQ(FinalAnswer("\\boxed{\\{1\\}}"), "\\{1\\}");
  EXPECT_EQ(FinalAnswer("\\boxed{a \\boxed{b} c}"), "b");  // the one that begins last
  EXPECT_EQ(FinalAnswer("} \\boxed{4}}"), "4");
  EXPECT_EQ(FinalAnswer("boxed{"), "");
  EXPECT_EQ(FinalAnswer("It is 5.\n#### 1,234 \nand 9"), "1,234");
  EXPECT_EQ(FinalAnswer("She makes $18 every day.\nA: 18."), "18");
  EXPECT_EQ(FinalAnswer("so x = -3.5."), "-3.5");
  EXPECT_EQ(FinalAnswer("10-4"), "4");
  EXPECT_EQ(FinalAnswer("a half, 1/2"), "1/2");
  EXPECT_EQ(FinalAnswer("costs $1,234.50"), "1,234.50");
  EXPECT_EQ(FinalAnswer("no number"), "");
  EXPECT_EQ(FinalAnswer(""), "");
}

// For each of them to the end of the text and back would take minutes.
TEST(Answers, ALoopOfBoxesIsReadOnce) {
  std::string loop = "\\boxed{5}";
  for (int i = 0; i < 200'000; ++i) loop += "\\boxed{";
  EXPECT_EQ(FinalAnswer(loop), "5");
}

TEST(Answers, ReferencesMayBeWholeSolutions) {
  EXPECT_EQ(ReferenceAnswer(" x + 1\n"), "x + 1");
  EXPECT_EQ(ReferenceAnswer("2 + 2 = 4\n#### 4"), "4");
  EXPECT_EQ(ReferenceAnswer("so \\boxed{9}."), "9");
}

TEST(Answers, ReasoningIsLeftOut) {
  EXPECT_EQ(WithoutReasoning("<think>\\boxed{1}</think> 2"), " 2");
  EXPECT_EQ(WithoutReasoning("plain"), "plain");
}

TEST(Answers, ExactMatchIgnoresOnlyHowItIsWritten) {
  EXPECT_TRUE(ExactMatch("A: 18", "18"));
  EXPECT_TRUE(ExactMatch("A: 18.00", "18"));
  EXPECT_TRUE(ExactMatch("\\boxed{ \\$1,234 }", "1234"));
  EXPECT_TRUE(ExactMatch("\\boxed{\\dfrac{1}{2}}", "$\\frac{1}{2}$"));
  EXPECT_TRUE(ExactMatch("\\boxed{\\text{Friday}}", "Friday"));
  EXPECT_TRUE(ExactMatch("\\boxed{90^\\circ}", "90"));
  EXPECT_TRUE(ExactMatch("\\boxed{\\left(1, 2\\right)}", "(1,2)"));
  EXPECT_FALSE(ExactMatch("\\boxed{0.5}", "\\frac{1}{2}"));  // Math-Verify knows; this does not
  EXPECT_FALSE(ExactMatch("A: 18", "19"));
  EXPECT_FALSE(ExactMatch("\\boxed{123}", "12,3"));
  EXPECT_FALSE(ExactMatch("nothing", "18"));
  EXPECT_FALSE(ExactMatch("", ""));
}

}  // namespace
}  // namespace rsr
