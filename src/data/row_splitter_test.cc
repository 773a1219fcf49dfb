#include "data/row_splitter.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace rsr {
namespace {

using testing::ElementsAre;

// "LINE text", "LINE#NTH text", and "(why)" before what is lost.
std::vector<std::string> Split(std::string_view bytes) {
  std::vector<std::string> rows;
  RowSplitter splitter(bytes);
  for (RawRow row; splitter.Next(&row);) {
    std::string text = std::to_string(row.line);
    if (row.nth_on_line > 1) text.append("#").append(std::to_string(row.nth_on_line));
    if (row.lost != nullptr) text += std::string(" (") + row.lost + ")";
    rows.push_back(text + " " + std::string(bytes.substr(row.offset, row.length)));
  }
  EXPECT_EQ(splitter.position(), static_cast<int64_t>(bytes.size()));
  return rows;
}

TEST(RowSplitter, Lines) {
  EXPECT_THAT(Split("{}\n{\"a\": 1}\n"), ElementsAre("1 {}", "2 {\"a\": 1}"));
  EXPECT_THAT(Split("{}\r\n\r\n \t\n  {1} \r\nx"), ElementsAre("1 {}", "4 {1}", "5 x"));
  EXPECT_THAT(Split("\xEF\xBB\xBF\n{}"), ElementsAre("2 {}"));
  EXPECT_THAT(Split("{}\n[1]\n"), ElementsAre("1 {}", "2 [1]"));
  EXPECT_THAT(Split(""), ElementsAre());
  EXPECT_THAT(Split("\xEF\xBB\xBF \n\r\n"), ElementsAre());
}

TEST(RowSplitter, ArrayElements) {
  EXPECT_THAT(Split("[]"), ElementsAre());
  EXPECT_THAT(Split(" [ \n ] \n"), ElementsAre());
  EXPECT_THAT(Split("[{},{}, 5\n,{\n}\n,[[1,2],3]]\n"),
              ElementsAre("1 {}", "1#2 {}", "1#3 5", "2 {\n}", "4 [[1,2],3]"));
  EXPECT_THAT(Split("\xEF\xBB\xBF\r\n[\r\n  {\"a\": [1, {}]},\r\n\r\n  {}\r\n]\r\n"),
              ElementsAre("3 {\"a\": [1, {}]}", "5 {}"));
}

TEST(RowSplitter, StringsHideBracketsAndCommas) {
  EXPECT_THAT(Split(R"(["],[", {"}": "\"]"}, "\\", "\\\"]", "a\\\\"])"),
              ElementsAre(R"(1 "],[")", R"(1#2 {"}": "\"]"})", R"(1#3 "\\")", R"(1#4 "\\\"]")",
                          R"(1#5 "a\\\\")"));
}

TEST(RowSplitter, MalformedElementsKeepTheirBoundariesWherePossible) {
  EXPECT_THAT(Split("[{},,tru,{1}},{} {},]"),
              ElementsAre("1 {}", "1#2 ", "1#3 tru", "1#4 {1}}", "1#5 {} {}", "1#6 "));
}

TEST(RowSplitter, LostBoundariesEndTheFile) {
  EXPECT_THAT(
      Split("[{},\n{\"a\": {1,\n{}]"),
      ElementsAre("1 {}", "2 (the list element that begins here does not end) {\"a\": {1,\n{}]"));
  // As many brackets close as open, so that only the parser sees that this is no element.
  EXPECT_THAT(Split("[{},\n{\"a\": [1},\n{}]"),
              ElementsAre("1 {}", "2 {\"a\": [1},\n{}]", "3 (the list has no closing ]) "));
  EXPECT_THAT(Split("[\"abc, {}]\n"),
              ElementsAre("1 (the list element that begins here does not end) \"abc, {}]"));
  EXPECT_THAT(Split("[{},\n{}"), ElementsAre("1 {}", "2 {}", "2#2 (the list has no closing ]) "));
  EXPECT_THAT(Split("[{},"), ElementsAre("1 {}", "1#2 (the list has no closing ]) "));
  EXPECT_THAT(Split("["), ElementsAre("1 (the list has no closing ]) "));
  EXPECT_THAT(Split("[{}]\n[{}]\n"),
              ElementsAre("1 {}", "2 (there is more behind the list's closing ]) [{}]"));
}

// A stack or a rescan from the start would not live through these.
TEST(RowSplitter, DepthAndBackslashesAreLinear) {
  const size_t n = 20'000'000;
  EXPECT_EQ(Split("[" + std::string(n, '[') + std::string(n, ']') + ",1]").size(), 2);
  EXPECT_EQ(Split(std::string(n, '[')).size(), 1);
  std::string quotes = "[\"";
  for (size_t i = 0; i < n / 2; ++i) quotes += "\\\"";
  EXPECT_EQ(Split(quotes + "\"]").size(), 1);
  EXPECT_EQ(Split("[\"" + std::string(n, '\\') + "\"]").size(), 1);
}

}  // namespace
}  // namespace rsr
