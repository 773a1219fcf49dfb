#include "base/filter.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "rsr/error.h"

namespace rsr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

FilterValue Lookup(const std::string& name) {
  static const std::map<std::string, FilterValue> kValues = {
      {"correct", true},     {"wrong", false}, {"reward", 0.75},  {"n", 3.0},
      {"teacher", "qwq"s},   {"level", "4"s},  {"flag", "true"s}, {"meta.domain", "math"s},
      {"odd name", "here"s}, {"zero", 0.0},    {"empty", ""s},    {"nan", std::nan("")},
      {"nan text", "NaN"s}};
  const auto found = kValues.find(name);
  return found == kValues.end() ? FilterValue() : found->second;
}

bool Accepts(const std::string& text) { return Filter(text).Accepts(Lookup); }

std::string ErrorOf(const std::string& text) {
  try {
    Filter(text).Accepts(Lookup);
  } catch (const Error& error) {
    EXPECT_NE(error.hint(), "");
    return error.message();
  }
  return "accepted";
}

TEST(Filter, WhatHolds) {
  for (const char* text : {"correct",
                           "not wrong",
                           "reward > 0.5",
                           "reward>=.75",
                           "reward <= 0.75",
                           "n == 3",
                           "n = 3.0",
                           "n != 4",
                           "n <> 4",
                           "-1 < n",
                           "1e2 > n",
                           "teacher = 'qwq'",
                           "teacher == \"qwq\"",
                           "teacher < 'r1'",
                           "teacher in ('a', 'qwq')",
                           "n in (1, 2, 3)",
                           "teacher not in ('a', 'b')",
                           "missing is null",
                           "teacher is not null",
                           "level > 3",
                           "level = 4",
                           "flag",
                           "flag = true",
                           "correct = 1",
                           "correct != wrong",
                           "meta.domain = 'math'",
                           "`odd name` = 'here'",
                           "correct and n = 3 or wrong",
                           "wrong and wrong or correct",
                           "not (wrong or n < 2)",
                           "(correct)",
                           "NOT wrong AND n IN (3)",
                           "wrong && wrong || correct",
                           "missing = 1 or correct",
                           "teacher != 5",
                           "not missing is not null",
                           "not not correct",
                           "empty = ''"}) {
    EXPECT_TRUE(Accepts(text)) << text;
  }
  EXPECT_TRUE(Filter().Accepts(Lookup));
}

TEST(Filter, WhatDoesNotHold) {
  for (const char* text :
       {"wrong", "not correct", "reward > 0.75", "teacher = 'QWQ'", "teacher in ('a')", "zero",
        // Neither true nor false.
        "missing", "not missing", "missing = 1", "missing != 1", "not (missing = 1)", "null = null",
        "missing in (1)", "missing not in (1)", "missing and correct", "missing or wrong",
        "teacher = 5", "n in ('a', 'b')",
        // Not a number.
        "nan", "not nan", "nan = 3", "nan = nan", "nan >= 0", "not (nan < 1)", "`nan text` = 3",
        "not (`nan text` > 0)"}) {
    EXPECT_FALSE(Accepts(text)) << text;
  }
}

TEST(Filter, NamesAreKnownOnceEach) {
  EXPECT_THAT(Filter("a = 1 and (b or a) and `c d` in (e.f)").names(),
              ElementsAre("a", "b", "c d", "e.f"));
}

TEST(Filter, WhatIsNoFilterIsToldWithItsPlace) {
  EXPECT_EQ(ErrorOf(""), "filter ``: expected a name or a value, got its end");
  EXPECT_EQ(ErrorOf("correct and"),
            "filter `correct and`: expected a name or a value, got its end");
  EXPECT_EQ(ErrorOf("n = = 3"),
            "filter `n = = 3`: expected a name or a value, got `= 3` (character 5)");
  EXPECT_EQ(ErrorOf("n 3"), "filter `n 3`: expected 'and', 'or' or the end, got `3` (character 3)");
  for (const char* text : {"(n = 3", "n = 3)", "n in 3", "n in (3", "n in ()", "n is 3", "n not 3",
                           "'open", "and", "n = and", "n < 3 < 4", "#", "a & b", "`open"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("expected")) << text;
  }
  EXPECT_THAT(ErrorOf(std::string(1'000'000, '(')), HasSubstr("at most 100 levels"));
  std::string nots;
  for (int i = 0; i < 100'000; ++i) nots += "not ";
  EXPECT_THAT(ErrorOf(nots + "a"), HasSubstr("at most 100 levels"));
}

TEST(Filter, LongChainsDoNotExhaustTheStack) {
  std::string chain = "n = 0";
  for (int i = 1; i < 1'000'000; ++i) chain += " or n = " + std::to_string(i);
  EXPECT_TRUE(Accepts(chain));
}

TEST(Filter, ValuesOfOtherKindsAreErrors) {
  EXPECT_EQ(ErrorOf("teacher > 5"), "the text 'qwq' and the number 5 have no order");
  EXPECT_EQ(ErrorOf("teacher"), "expected true or false, got the text 'qwq'");
  EXPECT_EQ(ErrorOf("not teacher"), "expected true or false, got the text 'qwq'");
}

TEST(Filter, ClausesAreWhatTheOutermostAndJoins) {
  EXPECT_THAT(Filter("correct and (reward > 0.5 or n = 3)  and not  wrong").clauses(),
              ElementsAre("correct", "(reward > 0.5 or n = 3)", "not  wrong"));
  EXPECT_THAT(Filter(" n in (1, 2)  && level='a and b'").clauses(),
              ElementsAre("n in (1, 2)", "level='a and b'"));
  EXPECT_THAT(Filter("correct and n = 3 or wrong").clauses(),
              ElementsAre("correct and n = 3 or wrong"));
  EXPECT_THAT(Filter("(correct and n = 3)").clauses(), ElementsAre("(correct and n = 3)"));
}

}  // namespace
}  // namespace rsr
