#include "data/printable.h"

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
  EXPECT_EQ(Printable("\x1b[31m\0\x7f"s), R"(\x1B[31m\x00\x7F)");
  EXPECT_EQ(Printable("\u009b31m \u00a0"), "\\xC2\\x9B31m \u00a0");
  EXPECT_EQ(Printable("caf\xE9 caf\u00e9"), "caf\\xE9 caf\u00e9");
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

}  // namespace
}  // namespace rsr
