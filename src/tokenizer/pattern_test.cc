#include "tokenizer/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rsr/error.h"
#include "tokenizer/definition.h"
#include "tokenizer/text.h"

namespace rsr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Matches(const std::string& pattern, const std::string& text) {
  const std::u32string chars = DecodeText(text, 0, text.size()).chars;
  std::vector<std::string> matches;
  Pattern(pattern).FindAll(chars, 0, chars.size(), [&](size_t begin, size_t end) {
    matches.push_back(ToUtf8(std::u32string_view(chars).substr(begin, end - begin)));
  });
  return matches;
}

TEST(Pattern, CutsAsPublishedPatternsDo) {
  EXPECT_THAT(Matches(kGpt2Pattern, "I'm  here, 42\n"),
              ElementsAre("I", "'m", " ", " here", ",", " 42", "\n"));
  const char* llama3 =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  EXPECT_THAT(Matches(llama3, "IT'S 12345 \n\n  x?!\n"),
              ElementsAre("IT", "'S", " ", "123", "45", " \n\n", " ", " x", "?!\n"));
  EXPECT_THAT(Matches(R"(\d{1,3}(?=(?:\d{3})*\b))", "1234567 12"),
              ElementsAre("1", "234", "567", "12"));
  EXPECT_THAT(Matches(R"((?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+)", "a b  cd"), ElementsAre("a b", "cd"));
  EXPECT_THAT(Matches(R"(\p{L}++[.])", "ab.c"), ElementsAre("ab."));
  EXPECT_THAT(Matches(R"(\s+$)", "a \n b  "), ElementsAre(" ", "  "));
  EXPECT_THAT(Matches(R"([^\p{Lu}]\p{^Lu})", "abCd"), ElementsAre("ab"));
  EXPECT_THAT(Matches("(a|ab)(c|bcd)(d*)", "abcd"), ElementsAre("abcd"));
  EXPECT_THAT(Matches("(?i:k)", "kK\u212a"), ElementsAre("k", "K", "\u212a"));
}

TEST(Pattern, NamesWhatItDoesNotKnow) {
  const std::pair<const char*, const char*> cases[] = {
      {"a+?", "lazy quantifier"},         {"(?<=a)b", "group of a kind"},
      {"[a[b]]", "set within a set"},     {"[\\p{L}&&[a]]", "intersection"},
      {"\\p{Han}+", "\\p{Han}"},          {"(a", "'(' without ')'"},
      {"a)", "')' without '('"},          {"[a", "'[' without ']'"},
      {"*a", "nothing to repeat"},        {"a{3,1}", "broken '{min,max}'"},
      {"\\", "'\\' at its end"},          {"\\p{L", "without '}'"},
      {"[z-a]", "ends before it begins"}, {"a{999999}", "above 100000"},
      {"\\G", "unknown escape '\\G'"},    {"(?i)a", "(?i)"},
  };
  for (const auto& [pattern, expected] : cases) {
    try {
      Pattern compiled(pattern);
      ADD_FAILURE() << pattern << " was taken";
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr(expected)) << pattern;
      EXPECT_THAT(error.message(), HasSubstr(pattern));
    }
  }
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "(?:";
  EXPECT_THROW(Pattern{deep}, Error);
}

// std::regex overflows the stack on the first of these.
TEST(Pattern, LongRunsNeitherOverflowTheStackNorTakeForEver) {
  for (const char32_t c : {U'a', U' ', U'!', U'1', U'\u4e2d', U'\n'}) {
    const std::u32string text(1000000, c);
    size_t end = 0;
    Pattern(kGpt2Pattern).FindAll(text, 0, text.size(), [&](size_t, size_t to) { end = to; });
    EXPECT_EQ(end, text.size());
  }
  const std::u32string spaces = std::u32string(200000, U' ') + U"a";
  EXPECT_THROW(Pattern(R"(\s+$)").FindAll(spaces, 0, spaces.size(), [](size_t, size_t) {}),
               PatternTooExpensive);
  const std::u32string letters(100000, U'a');
  EXPECT_THROW(Pattern("(?:aa?)+b").FindAll(letters, 0, letters.size(), [](size_t, size_t) {}),
               PatternTooExpensive);
}

}  // namespace
}  // namespace rsr
