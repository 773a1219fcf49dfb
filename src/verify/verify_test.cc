#include "rsr/verify.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>

#include "base/file.h"
#include "base/hash.h"
#include "metrics/test_run.h"
#include "store/lock.h"
#include "store/verified.h"
#include "verify/checker.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::MakeInfo;
using test::MakeRow;
using test::Scratch;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A run of rows {answer, reference as JSON}, two teachers in turn.
std::string WriteRunOf(const Scratch& dir,
                       const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string text;
  std::vector<RunRow> stored;
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string line =
        R"({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": ")" +
        rows[i].first + R"("}], "gold": )" + rows[i].second + "}";
    const auto n = static_cast<int64_t>(i);
    RunRow row = MakeRow(n, test::Name("id", n), "p", i % 2 == 0 ? "even" : "odd", {{1, 1}});
    row.offset = static_cast<int64_t>(text.size());
    row.length = static_cast<int64_t>(line.size());
    row.correct = false;
    text += line + "\n";
    stored.push_back(row);
  }
  std::ofstream(dir / "data.jsonl") << text;
  const auto bytes = static_cast<int64_t>(text.size());
  test::WriteRun(dir / "run", MakeInfo({{dir / "data.jsonl", HashBytes(text), bytes, 9}}), stored);
  return dir / "run";
}

std::map<std::string, std::optional<bool>> Labels(const std::string& run) {
  std::map<std::string, std::optional<bool>> labels;
  RunReader::Open(run)->ForEach(RunReader::kNone,
                                [&](const RunRow& row) { labels[row.id] = row.correct; });
  return labels;
}

// A Python that is none: a shell script that speaks the checker's lines.
std::string FakePython(const Scratch& dir, const std::string& body) {
  const std::string path = dir / "python";
  std::ofstream(path) << "#!/bin/sh\necho '{\"version\": \"0\"}'\n"
                      << "while read -r line; do\n"
                      << body << "\ndone\n";
  chmod(path.c_str(), 0755);
  return path;
}

TEST(Verify, ExactMatchFillsTheLabels) {
  const Scratch dir;
  const std::string run = WriteRunOf(
      dir, {{"so 18", "18"}, {"17", "\"18\""}, {"\\\\boxed{x}", "\"x\""}, {"3", "null"}});
  const VerifySummary summary = Verify({.run = run, .reference_column = "gold"});
  EXPECT_EQ(summary.method, "exact match");
  EXPECT_EQ(summary.by_teacher.at("even").correct, 2);
  EXPECT_EQ(summary.by_teacher.at("odd").wrong, 1);
  EXPECT_EQ(summary.by_teacher.at("odd").no_reference, 1);
  const auto labels = Labels(run);
  EXPECT_EQ(labels.at("id0"), true);
  EXPECT_EQ(labels.at("id1"), false);
  EXPECT_EQ(labels.at("id3"), false);  // as it came
  const ScoredRows data = LoadRows({run}, {&FindMetric("correct")});
  EXPECT_EQ(data.Value(data.rows[0]), 1);
  EXPECT_EQ(VerifyTable(summary).rows.size(), 2u);
}

TEST(Verify, GoesOnWhereItEndedAndBeginsAnewForAnotherColumn) {
  const Scratch dir;
  const std::string run = WriteRunOf(dir, {{"18", "18"}, {"17", "17"}, {"16", "16"}});
  Verify({.run = run, .reference_column = "gold"});
  // Killed within the third line.
  std::string text = ReadFile(run + "/verified.jsonl");
  std::ofstream(run + "/verified.jsonl") << text.substr(0, text.size() - 9);
  EXPECT_EQ(Labels(run).at("id2"), false);
  EXPECT_EQ(Verify({.run = run, .reference_column = "gold"}).cached, 2);
  EXPECT_EQ(Labels(run).at("id2"), true);

  const Error error = ErrorOf([&] { Verify({.run = run, .reference_column = "gould"}); });
  EXPECT_THAT(error.message(), HasSubstr("no row has a value in the column 'gould'"));
  EXPECT_EQ(Verify({.run = run, .reference_column = "gold"}).cached, 3);  // not lost by a slip
  std::ofstream(run + "/verified.jsonl") << "{}\n";
  EXPECT_THAT(ErrorOf([&] { Labels(run); }).message(), HasSubstr("verified.jsonl:1"));
}

TEST(Verify, WarnsOfAColumnThatIsHardlyEverRight) {
  const auto warnings = [](int right, int wrong) {
    const Scratch dir;
    std::vector<std::pair<std::string, std::string>> rows;
    for (int i = 0; i < wrong; ++i) rows.push_back({"it is 18", "\"The answer is eighteen\""});
    for (int i = 0; i < right; ++i) rows.push_back({"so 18", "18"});
    return Verify({.run = WriteRunOf(dir, rows), .reference_column = "gold"}).warnings;
  };
  EXPECT_THAT(warnings(0, 9), ElementsAre());
  EXPECT_THAT(warnings(0, 10),
              ElementsAre(AllOf(HasSubstr("none of 10 answers are right: is 'gold' the column?"),
                                HasSubstr("taken to be `18`, the reference `The answer is eigh"))));
  EXPECT_THAT(warnings(1, 49), ElementsAre(HasSubstr("only 1 of 50 answers")));
  EXPECT_THAT(warnings(2, 48), ElementsAre());
}

TEST(Verify, RefusesWhatCannotWork) {
  const Scratch dir;
  const std::string run = WriteRunOf(dir, {{"18", "18"}});
  EXPECT_THAT(ErrorOf([&] { Verify({.run = run}); }).message(), HasSubstr("no reference column"));
  const VerifyOptions options{.run = run, .reference_column = "gold", .python = "/none/python"};
  EXPECT_THAT(ErrorOf([&] { Verify(options); }).message(), HasSubstr("cannot run /none/python"));
  {
    const RunLock lock(run);
    EXPECT_THAT(ErrorOf([&] { Verify({.run = run, .reference_column = "gold"}); }).message(),
                HasSubstr(run));
  }
  EXPECT_THAT(ErrorOf([&] { MakeMathVerify("/bin/true", 1); }).hint(), HasSubstr("pip install"));
  std::ofstream(dir / "data.jsonl", std::ios::app) << "x";
  EXPECT_THAT(ErrorOf([&] { Verify({.run = run, .reference_column = "gold"}); }).message(),
              HasSubstr("has changed"));
}

TEST(Verify, AHangingOrDyingCheckerCostsOneAnswerEach) {
  const Scratch dir;
  const std::string run =
      WriteRunOf(dir, {{"hang", "1"}, {"die", "1"}, {"noise", "1"}, {"bad", "1"}, {"good", "1"}});
  const std::string python = FakePython(dir, R"(case "$line" in
    *hang*) sleep 1000;;
    *die*) kill -9 $$;;
    *noise*) echo 'no JSON';;
    *bad*) echo '{"error": "ValueError"}';;
    *) echo '{"correct": true}';;
  esac)");
  const auto start = std::chrono::steady_clock::now();
  const VerifyOptions options{
      .run = run, .reference_column = "gold", .python = python, .timeout_s = 1};
  const VerifySummary summary = Verify(options);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  EXPECT_EQ(summary.method, "math-verify 0");
  EXPECT_EQ(summary.by_teacher.at("even").correct, 1);
  EXPECT_EQ(summary.by_teacher.at("even").undecided, 2);
  EXPECT_EQ(summary.by_teacher.at("odd").undecided, 2);
  EXPECT_EQ(summary.undecided_by,
            (std::map<std::string, int64_t>{{"ValueError", 1}, {"crash", 2}, {"timeout", 1}}));
  EXPECT_EQ(Labels(run).at("id0"), false);  // as it came
  EXPECT_EQ(Labels(run).at("id4"), true);
  EXPECT_EQ(Verify(options).cached, 1);  // the undecided are asked again
}

TEST(Verify, ACheckerThatNeverAnswersIsAnError) {
  const Scratch dir;
  const std::string python = FakePython(dir, "exit 1");
  const auto checker = MakeMathVerify(python, 5);
  EXPECT_THAT(ErrorOf([&] {
                for (int i = 0; i < 100; ++i) checker->Check("1", "1");
              }).message(),
              HasSubstr("failed on 20 answers in a row, the last by a crash"));
}

TEST(Verify, AnswersReachTheCheckerAsTheyAre) {
  const Scratch dir;
  const std::string python = FakePython(
      dir, "printf '%s\\n' \"$line\" >> " + (dir / "seen") + "; echo '{\"correct\": true}'");
  const auto checker = MakeMathVerify(python, 60);  // a shell reads byte by byte
  const std::string large(300'000, 'x');
  checker->Check("$(touch /tmp/x) `x` \"'\n\\ \xC3\xA9 \xFF", "1");
  EXPECT_EQ(checker->Check(large, "2").correct, true);
  const std::string seen = ReadFile(dir / "seen");
  EXPECT_THAT(seen, HasSubstr(R"("$(touch /tmp/x) `x` \"'\n\\ \u00e9 \ufffd")"));
  EXPECT_NE(seen.find(large), seen.npos);
}

TEST(Verify, MathVerifyKnowsEqualForms) {
  if (std::string(RSR_TEST_PYTHON).empty()) GTEST_SKIP() << "no Python with math-verify";
  std::unique_ptr<AnswerChecker> checker;
  try {
    checker = MakeMathVerify(RSR_TEST_PYTHON, 60);
  } catch (const Error& error) {
    GTEST_SKIP() << error.message();
  }
  EXPECT_THAT(checker->method(), HasSubstr("math-verify 0.9"));
  EXPECT_EQ(checker->Check("so it is $\\boxed{0.5}$", "\\frac{1}{2}").correct, true);
  EXPECT_EQ(checker->Check("The answer is 18.", "2 + 16\n#### 18").correct, true);
  EXPECT_EQ(checker->Check("The answer is 17.", "18").correct, false);
  EXPECT_EQ(checker->Check("$\\{3, 1\\}$", "\\{1,3\\}").correct, true);
}

}  // namespace
}  // namespace rsr
