#include "base/printable.h"

#include <gtest/gtest.h>

namespace rsr {
namespace {

using namespace std::string_literals;

TEST(Printable, ValidPrefixFollowsUnicode) {
  for (const std::string_view good :
       {"", "plain", "\u00e9\u0800\U00010000", "\u007f\u07ff\uffff\U0010ffff", "\ud7ff\ue000"}) {
    EXPECT_EQ(ValidUtf8Prefix(good), good.size());
  }
  // A continuation alone, overlong forms of / and U+0800, a surrogate, beyond U+10FFFF, cut off,
  // not UTF-8 at all.
  for (const std::string_view bad :
       {"\x80", "\xC0\xAF", "\xE0\x9F\x80", "\xF0\x8F\xBF\xBF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xE2\x82", "\xC3(", "\xFF"}) {
    EXPECT_EQ(ValidUtf8Prefix("ok" + std::string(bad)), 2) << Printable(bad);
  }
}

TEST(Printable, EscapesWhatTerminalsObey) {
  EXPECT_EQ(Printable("a\tb\r\n"), R"(a\tb\r\n)");
  EXPECT_EQ(Printable("\x1b[31m\0\x7f"s), R"(\x1b[31m\x00\x7f)");
  EXPECT_EQ(Printable("a\u202eb\u2028"), "a\\u202eb\\u2028");
  EXPECT_EQ(Printable("\u009b31m \u00a0"), "\\x9b31m \u00a0");
  EXPECT_EQ(Printable("caf\xE9 caf\u00e9"), "caf\\xe9 caf\u00e9");
}

TEST(Printable, ExcerptKeepsBothEndsAndWholeCharacters) {
  EXPECT_EQ(Excerpt(std::string(60, 'x')), std::string(60, 'x'));
  EXPECT_EQ(Excerpt(std::string(50, 'a') + std::string(50, 'b')),
            std::string(40, 'a') + "..." + std::string(17, 'b'));
  for (size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'x');
    for (int i = 0; i < 40; ++i) text += "\U0001f600";
    const std::string excerpt = Excerpt(text);
    EXPECT_LE(excerpt.size(), 60);
    EXPECT_EQ(excerpt.find('\\'), std::string::npos) << excerpt;
  }
}

TEST(Printable, DecodesUtf8AndRefusesTheRest) {
  const auto value = [](std::string_view text) {
    const CodePoint c = DecodeUtf8(text);
    EXPECT_EQ(c.bytes, c.valid ? text.size() : 1);
    return c.valid ? static_cast<int64_t>(c.value) : -1;
  };
  EXPECT_EQ(value("A"), 'A');
  EXPECT_EQ(value("\xC3\xA9"), 0xE9);
  EXPECT_EQ(value("\xE2\x82\xAC"), 0x20AC);
  EXPECT_EQ(value("\xF0\x9F\x98\x80"), 0x1F600);
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC3", "\xC3(", "\xE0\x80\x80", "\xE2\x82", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(value(bad), -1) << Printable(bad);
  }
}

TEST(Printable, KnowsWhereACharacterIsUnfinished) {
  const std::string text = "a\xF0\x9F\x98\x80";
  EXPECT_FALSE(EndsInsideCharacter(""));
  EXPECT_FALSE(EndsInsideCharacter(text.substr(0, 1)));
  for (size_t n = 2; n < 5; ++n) EXPECT_TRUE(EndsInsideCharacter(text.substr(0, n))) << n;
  EXPECT_FALSE(EndsInsideCharacter(text));
  EXPECT_FALSE(EndsInsideCharacter("\x80\x80\x80\x80"));
}

}  // namespace
}  // namespace rsr
