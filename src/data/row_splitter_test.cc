#include "data/row_splitter.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace rsr {
namespace {

using testing::ElementsAre;

// As many bytes at a time as `piece`, then the end or damage.
class Pieces : public ByteSource {
 public:
  Pieces(std::string_view bytes, size_t piece, std::string damage = "")
      : bytes_(bytes), piece_(piece), damage_(std::move(damage)) {}
  size_t Read(char* to, size_t most) override {
    const size_t size = std::min({most, piece_, bytes_.size()});
    if (size == 0 && !damage_.empty()) throw DamagedInput{damage_};
    std::copy_n(bytes_.begin(), size, to);
    bytes_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view bytes_;
  size_t piece_;
  std::string damage_;
};

// "LINE text", "LINE#NTH text", and "(problem)" in the place of the text that is lost.
std::vector<std::string> Rows(Window window, int64_t size = -1,
                              int64_t max_row_bytes = kMaxRowBytes) {
  std::vector<std::string> rows;
  RowSplitter splitter(std::move(window), max_row_bytes);
  for (RawRow row; splitter.Next(&row);) {
    std::string text = std::to_string(row.line);
    if (row.nth_on_line > 1) text.append("#").append(std::to_string(row.nth_on_line));
    text += " " + (row.reason.empty() ? std::string(row.bytes) : row.reason + ": " + row.problem);
    rows.push_back(text);
  }
  if (size >= 0) {
    EXPECT_EQ(splitter.position(), size);
  }
  return rows;
}

// A mapped file and a stream, in small pieces and in one, give the same rows.
std::vector<std::string> Split(std::string_view bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  std::vector<std::string> rows = Rows(Window(bytes), size);
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{100'000'000}}) {
    if (bytes.size() / piece > 1'000'000) continue;
    EXPECT_EQ(Rows(Window(std::make_unique<Pieces>(bytes, piece))), rows) << piece;
  }
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

// Found by the fuzzer: a mark in front of an element became part of its record.
TEST(RowSplitter, ByteOrderMarksInFrontOfAnyRow) {
  EXPECT_THAT(Split("{}\n\xEF\xBB\xBF{1}\n \xEF\xBB\xBF\n"), ElementsAre("1 {}", "2 {1}"));
  EXPECT_THAT(Split("[\xEF\xBB\xBF{},\n\xEF\xBB\xBF {1}]"), ElementsAre("1 {}", "2 {1}"));
  EXPECT_THAT(Split("\xEF\xBB"), ElementsAre("1 \xEF\xBB"));
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
  EXPECT_THAT(Split("[{},\n{\"a\": {1,\n{}]"),
              ElementsAre("1 {}",
                          "2 invalid-json: not valid JSON: the list element that begins here does "
                          "not end; the rest of the file is not read: {\"a\": {1,\\n{}]"));
  // As many brackets close as open, so that only the parser sees that this is no element.
  EXPECT_THAT(Split("[{},\n{\"a\": [1},\n{}]"),
              ElementsAre("1 {}", "2 {\"a\": [1},\n{}]",
                          "3 invalid-json: not valid JSON: the list has no closing ]; the rest of "
                          "the file is not read"));
  EXPECT_THAT(Split("[\"abc, {}]\n"),
              ElementsAre("1 invalid-json: not valid JSON: the list element that begins here does "
                          "not end; the rest of the file is not read: \"abc, {}]"));
  EXPECT_THAT(Split("[{},\n{}"), ElementsAre("1 {}", "2 {}",
                                             "2#2 invalid-json: not valid JSON: the list has no "
                                             "closing ]; the rest of the file is not read"));
  EXPECT_THAT(Split("[{},"), ElementsAre("1 {}",
                                         "1#2 invalid-json: not valid JSON: the list has no "
                                         "closing ]; the rest of the file is not read"));
  EXPECT_THAT(Split("["), ElementsAre("1 invalid-json: not valid JSON: the list has no closing ]; "
                                      "the rest of the file is not read"));
  EXPECT_THAT(Split("[{}]\n[{}]\n"),
              ElementsAre("1 {}",
                          "2 invalid-json: not valid JSON: there is more behind the list's closing "
                          "]; the rest of the file is not read: [{}]"));
}

TEST(RowSplitter, DamageEndsTheFileBehindItsWholeRows) {
  const auto damaged = [](std::string_view bytes) {
    return Rows(Window(std::make_unique<Pieces>(bytes, 3, "cut off")));
  };
  const std::string lost = "damaged-file: cut off; the rest of the file is not read";
  EXPECT_THAT(damaged("{}\n{1}\n"), ElementsAre("1 {}", "2 {1}", "3 " + lost));
  EXPECT_THAT(damaged("{}\n{1"), ElementsAre("1 {}", "2 " + lost + ": {1"));
  EXPECT_THAT(damaged(""), ElementsAre("1 " + lost));
  EXPECT_THAT(damaged("[{},\n5"), ElementsAre("1 {}", "2 " + lost + ": 5"));
  EXPECT_THAT(damaged("[{},\n{\"a\": \""), ElementsAre("1 {}", "2 " + lost + ": {\"a\": \""));
  EXPECT_THAT(damaged("[{}]"), ElementsAre("1 {}", "1#2 " + lost));
}

TEST(RowSplitter, TooLongRowsAreNotKept) {
  const std::string lines = "{}\n{" + std::string(100, 'x') + "}\n[1]\n";
  const std::string refused = "2 row-too-long: the row has 102 bytes, expected at most 50: {" +
                              std::string(39, 'x') + "...";
  EXPECT_THAT(Rows(Window(lines), -1, 50), ElementsAre("1 {}", refused, "3 [1]"));
  EXPECT_THAT(
      Rows(Window(std::make_unique<Pieces>(lines, 3)), -1, 50),
      ElementsAre("1 {}", testing::StartsWith("2 row-too-long: the row has 102 bytes"), "3 [1]"));
  const std::string lost =
      "1#2 invalid-json: not valid JSON: the list element that begins here is longer than a row "
      "may "
      "be; the rest of the file is not read: ";
  for (const std::string& array :
       {"[{}, \"" + std::string(100, 'x') + "\", 1]", "[{}, {" + std::string(100, ':') + "}, 1]"}) {
    EXPECT_THAT(Rows(Window(array), -1, 50), ElementsAre("1 {}", testing::StartsWith(lost)));
    EXPECT_THAT(Rows(Window(std::make_unique<Pieces>(array, 3)), -1, 50),
                ElementsAre("1 {}", testing::StartsWith(lost)));
  }
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
