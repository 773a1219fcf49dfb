#include "cli/format.h"

#include <gtest/gtest.h>

#include "rsr/error.h"

namespace rsr::cli {
namespace {

TEST(FormatTest, Numbers) {
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(1000), "1,000");
  EXPECT_EQ(Thousands(-123), "-123");
  EXPECT_EQ(Thousands(-1234567), "-1,234,567");
  EXPECT_EQ(Gigabytes(1234567890), "1.23 GB");
  EXPECT_EQ(Plural(1, "row"), "1 row");
  EXPECT_EQ(Plural(1200, "row"), "1,200 rows");
  EXPECT_EQ(Plural(1, "trajectory"), "1 trajectory");
  EXPECT_EQ(Plural(0, "trajectory"), "0 trajectories");
  EXPECT_EQ(Counts({{"a", 2}, {"b", 1}}), "2 a, 1 b");
}

TEST(FormatTest, Durations) {
  EXPECT_EQ(Duration(0.4), "0 s");
  EXPECT_EQ(Duration(59.6), "1 min 00 s");
  EXPECT_EQ(Duration(200), "3 min 20 s");
  EXPECT_EQ(Duration(7505), "2 h 05 min");
}

TEST(FormatTest, ParseBytes) {
  EXPECT_EQ(ParseBytes("--memory", "8G"), 8'000'000'000);
  EXPECT_EQ(ParseBytes("--memory", "1.5MB"), 1'500'000);
  EXPECT_EQ(ParseBytes("--memory", "2GiB"), int64_t{2} << 30);
  EXPECT_EQ(ParseBytes("--memory", "700K"), 700'000);
  for (const char* wrong :
       {"", "8", "G", "8 G", "-8G", "8g", "8Gb", "1e3G", "0G", "9999999T", "."}) {
    EXPECT_THROW(ParseBytes("--memory", wrong), Error) << wrong;
  }
}

TEST(FormatTest, ShellQuote) {
  EXPECT_EQ(ShellQuote({"rsr", "--out", "a b", "it's", ""}), R"(rsr --out 'a b' 'it'\''s' '')");
  EXPECT_EQ(ShellQuote({"$HOME", "a;b", "x/y-1.jsonl"}), "'$HOME' 'a;b' x/y-1.jsonl");
}

TEST(FormatTest, PrintableEscapesControlCharactersOnly) {
  EXPECT_EQ(Printable("a\x1b[31m\r\n\tb\x7f"), "a\\x1b[31m\\x0d\n\tb\\x7f");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m \xC3\xA9 \xC2\xA0"),
            "\\x9b31m \xC3\xA9 \xC2\xA0");
  EXPECT_EQ(Printable("\xC2"), "\xC2");
  EXPECT_EQ(Printable("a\u202eb\u2066 \u2014 \u200f"),
            "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6 \u2014 \\xe2\\x80\\x8f");
  EXPECT_EQ(Printable("\xE2\x80"), "\xE2\x80");
}

}  // namespace
}  // namespace rsr::cli
