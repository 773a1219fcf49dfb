#include "rsr/inspect.h"

#include <gmock/gmock.h>

#include <numbers>

#include "metrics/test_run.h"
#include "report/token_text.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::MakeInfo;
using test::MakeRow;
using test::Scratch;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TokenColumns Tokens(const std::vector<test::Token>& tokens) {
  return MakeRow(0, "a", "p", "t", tokens).tokens;
}

TEST(TokenText, StepsFollowTheRatio) {
  EXPECT_EQ(RatioStep(0, 1), 0);
  EXPECT_EQ(RatioStep(std::nextafter(std::numbers::ln2_v<float>, 0.0f), 1), 0);
  EXPECT_EQ(RatioStep(std::numbers::ln2_v<float>, 1), 2);
  EXPECT_EQ(RatioStep(4, 3), 1);
  EXPECT_EQ(RatioStep(4, 4), 2);
  EXPECT_EQ(RatioStep(4, 8), 3);
  EXPECT_EQ(RatioStep(4, 20), 4);
  EXPECT_EQ(RatioStep(4, 80), 5);
  EXPECT_EQ(RatioStep(8, 50000), 5);
}

TEST(TokenText, MarksHighRatiosWithoutColour) {
  const std::vector<std::string> vocab = {"one", " two", " three"};
  EXPECT_EQ(
      TokenText(
          Tokens({{0.1f, 1, 0, 0}, {4, 20, 0, 1}, {4, 20, 0, 1}, {4, 200, 0, 2}, {4, 2, 0, 0}}),
          vocab, false),
      "one⟨ two⟩⟨ two⟩⟪ three⟫one");
}

TEST(TokenText, ColoursEachStepAndNoLineEnd) {
  const std::vector<std::string> vocab = {"a", "b\n", "c"};
  const std::string text = TokenText(
      Tokens({{0.1f, 1, 0, 0}, {4, 200, 0, 1}, {4, 200, 0, 2}, {4, 2, 0, 2}}), vocab, true);
  EXPECT_EQ(text,
            "a\x1b[30;48;5;203mb↵\x1b[0m\n\x1b[30;48;5;203mc\x1b[0m\x1b[30;48;5;117mc\x1b[0m");
}

TEST(TokenText, JoinsACharacterMadeOfSeveralTokens) {
  const std::vector<std::string> vocab = {"x\xF0\x9F", "\x98", "\x80y", "\xC3"};
  // The middle token has the highest step: the whole character takes it.
  EXPECT_EQ(TokenText(Tokens({{0.1f, 1, 0, 0}, {4, 200, 0, 1}, {0.1f, 1, 0, 2}, {0.1f, 1, 0, 3}}),
                      vocab, false),
            "⟪x😀y⟫\\xc3");
  EXPECT_EQ(TokenText(Tokens({{0.1f, 1, 0, 3}, {0.1f, 1, 0, 0}}), vocab, false),
            "\\xc3x\\xf0\\x9f");
}

TEST(TokenText, NamesGapsAndUnknownTokens) {
  const std::vector<std::string> vocab = {"a"};
  EXPECT_EQ(
      TokenText(Tokens({{0, 1, 0, 0, 5}, {0, 1, 0, 0, 6}, {0, 1, 0, 9, 20}, {0, 1, 0, -1, 21}}),
                vocab, false),
      "aa\n[13 tokens not scored]\n<token 9><token -1>");
}

// Whatever bytes the pieces hold, nothing but our own colour codes may start with ESC, and no
// control is sent.
TEST(TokenText, DataCannotDriveTheTerminal) {
  std::vector<std::string> vocab;
  for (int byte = 0; byte < 256; ++byte)
    vocab.push_back(std::string(1, static_cast<char>(byte)) + "[2J");
  vocab.push_back("\xC2\x9B[2J");
  std::vector<test::Token> tokens;
  for (int32_t id = 0; id < static_cast<int32_t>(vocab.size()); ++id)
    tokens.push_back({4, 1 << id % 9, 0, id});
  for (const bool color : {false, true}) {
    std::string text = TokenText(Tokens(tokens), vocab, color);
    for (size_t at; color && (at = text.find("\x1b[")) != text.npos;) {
      ASSERT_THAT(text.substr(at + 2), ::testing::AnyOf(StartsWith("0m"), StartsWith("30;48;5;")));
      text.erase(at, text.find('m', at) + 1 - at);
    }
    for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
    EXPECT_THAT(text, Not(HasSubstr("\x7F")));
    EXPECT_THAT(text, Not(HasSubstr("\xC2\x9B")));
  }
}

struct StoredRun {
  Scratch dir;
  std::string path = dir / "run";
  StoredRun() {
    RunRow second =
        MakeRow(1, "gsm8k-17-\x1b[31m", "gsm8k-17", "qwq", {{0.5f, 1, 0.25f, 0}, {4, 400, 2, 3}});
    second.correct = false;
    second.truncated = true;
    test::WriteRun(path, MakeInfo({{"data.jsonl", "hash", 10, 3}}),
                   {second, MakeRow(0, "gsm8k-16", "gsm8k-16", "qwq", {{1, 2, 0.5f, 1}})},
                   {"a", "b", "c", "\n"});
  }
};

TEST(Inspect, ShowsOneTrajectory) {
  const StoredRun run;
  const std::string text = Inspect({.run = run.path, .id = "gsm8k-17-\x1b[31m", .color = false});
  // (1 + 100) / 4.5 and 4.5 / 2
  EXPECT_THAT(
      text,
      StartsWith(
          "gsm8k-17-\\x1b[31m  teacher qwq  problem gsm8k-17  wrong  rsr 22.444  avg_surprisal "
          "2.250  tokens 2  truncated\n"));
  EXPECT_THAT(text,
              AllOf(HasSubstr("token ratio"), HasSubstr("\n\na⟪↵⟫\n"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(Inspect({.run = run.path, .id = "gsm8k-17-\x1b[31m"}),
              HasSubstr("\x1b[30;48;5;203m↵\x1b[0m\n"));
}

TEST(Inspect, TableHasOneLineAToken) {
  const StoredRun run;
  const std::string text = Inspect({.run = run.path, .id = "gsm8k-17-\x1b[31m", .table = true});
  EXPECT_THAT(text, HasSubstr("position  token  surprisal  rank    ratio  entropy  top1\n"
                              "      10  'a'        0.500     1    2.000    0.250  'a'\n"
                              "      11  '\\n'       4.000   400  100.000    2.000  'a'\n"));
}

TEST(Inspect, WithoutIdTakesTheFirstOfTheInput) {
  const StoredRun run;
  EXPECT_THAT(Inspect({.run = run.path}), StartsWith("gsm8k-16  "));
}

TEST(Inspect, UnknownIdNamesTheNearest) {
  const StoredRun run;
  EXPECT_THAT(ErrorOf([&] { Inspect({.run = run.path, .id = "gsm8k-61"}); }).hint(),
              HasSubstr("'gsm8k-16'"));
  const Error far = ErrorOf([&] { Inspect({.run = run.path, .id = "x"}); });
  EXPECT_THAT(far.message(), HasSubstr("no trajectory 'x'"));
  EXPECT_THAT(far.hint(), HasSubstr("--by trajectory"));
}

std::string InfoValue(const Table& table, const std::string& name) {
  const std::string tsv = FormatTable(table, TableFormat::kTsv);
  const size_t at = tsv.find("\n" + name + "\t");
  if (at == tsv.npos) return "(none)";
  const size_t begin = at + name.size() + 2;
  return tsv.substr(begin, tsv.find('\n', begin) - begin);
}

TEST(Info, DescribesARun) {
  const StoredRun run;
  const Table table = Info(run.path);
  EXPECT_EQ(InfoValue(table, "student"), "Student");
  EXPECT_EQ(InfoValue(table, "mask"), "content");
  EXPECT_EQ(InfoValue(table, "complete"), "true");
  EXPECT_EQ(InfoValue(table, "rows scored"), "2");
  EXPECT_EQ(InfoValue(table, "rows truncated"), "1");
  EXPECT_EQ(InfoValue(table, "tokens scored"), "3");
  EXPECT_EQ(InfoValue(table, "shards finished"), "1");
  EXPECT_EQ(InfoValue(table, "input"), "data.jsonl");
}

TEST(Info, DescribesAModelFile) {
  if (std::string(RSR_DEMO_STUDENT).empty()) GTEST_SKIP() << "no demo student";
  const Table table = Info(RSR_DEMO_STUDENT);
  EXPECT_EQ(InfoValue(table, "architecture"), "llama");
  EXPECT_EQ(InfoValue(table, "vocabulary"), "49152");
  EXPECT_EQ(InfoValue(table, "quantised"), "true");
}

TEST(Info, MissingPathIsAnError) {
  EXPECT_THAT(ErrorOf([] { Info("/nonexistent/run"); }).message(), HasSubstr("/nonexistent/run"));
}

}  // namespace
}  // namespace rsr
