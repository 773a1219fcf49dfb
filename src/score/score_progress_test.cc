// What ScoreOptions::on_progress and on_plan hear of a run that was stopped and is continued.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "rsr/score.h"

namespace rsr {
namespace {

// Every third row cannot be read.
constexpr int64_t kRows = 90, kGood = 60;

std::string Rows() {
  std::string rows;
  for (int64_t i = 0; i < kRows; ++i) {
    const std::string number = std::to_string(100 + i);
    rows += i % 3 == 1
                ? "{\"id\": \"" + number + "\", \"messages\": \"" + std::string(110, 'x') + "\"}\n"
                : "{\"id\": \"" + number +
                      "\", \"messages\": [{\"role\": \"user\", \"content\": \"What is it?\"}, "
                      "{\"role\": \"assistant\", \"content\": \"It is " +
                      number + ".\"}]}\n";
  }
  return rows;
}

class ScoreProgressTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = testing::TempDir() + "rsr-score-progress-" + std::to_string(getpid());
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    WriteFileAtomic(dir_ + "/a.jsonl", Rows());
    options_.student.path = std::string(RSR_SOURCE_DIR) + "/tests/golden/families/llama.gguf";
    options_.input.files = {dir_ + "/a.jsonl"};
    options_.out = dir_ + "/run";
    options_.threads = 1;
    options_.on_progress = [this](const ScoreProgress& progress) { last_ = progress; };
    options_.on_plan = [this](const ScorePlan& plan) { plan_ = plan; };
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  // Scores until `stop` was asked so often; packs are collected row by row.
  ScoreSummary ScoreSome(int polls) {
    options_.stop = [polls]() mutable { return polls-- <= 0; };
    return Score(options_);
  }

  std::string dir_;
  ScoreOptions options_;
  ScoreProgress last_;
  ScorePlan plan_;
};

TEST_F(ScoreProgressTest, CountsTheWholeRunAndForetellsTheRest) {
  const ScoreSummary first = ScoreSome(60);
  ASSERT_TRUE(first.stopped);
  ASSERT_GT(first.rows_scored, 0);
  EXPECT_EQ(plan_.rows_before, 0);
  EXPECT_EQ(plan_.engine, "native");
  EXPECT_EQ(last_.rows_total, kRows);
  EXPECT_NEAR(last_.fraction, static_cast<double>(first.rows_scored) / kGood, 0.05);
  EXPECT_NEAR(last_.seconds_left,
              last_.seconds * static_cast<double>(kGood - first.rows_scored) /
                  static_cast<double>(first.rows_scored),
              0.2 * last_.seconds_left);

  // What the first session scored and rejected is passed over in no time: it must not count as
  // pace.
  const ScoreSummary second = ScoreSome(static_cast<int>(first.rows_scored) * 3 / 2 + 30);
  ASSERT_TRUE(second.stopped);
  ASSERT_GT(second.rows_scored, 0);
  const int64_t done = first.rows_scored + second.rows_scored;
  EXPECT_EQ(plan_.rows_before, first.rows_scored);
  EXPECT_NEAR(last_.fraction, static_cast<double>(done) / kGood, 0.05);
  EXPECT_NEAR(
      last_.seconds_left,
      last_.seconds * static_cast<double>(kGood - done) / static_cast<double>(second.rows_scored),
      0.2 * last_.seconds_left);

  options_.stop = {};
  const ScoreSummary third = Score(options_);
  EXPECT_EQ(third.rows_before + third.rows_scored, kGood);
  EXPECT_EQ(last_.rows_done, kRows);
  EXPECT_EQ(last_.fraction, 1);
  EXPECT_EQ(last_.seconds_left, 0);
}

}  // namespace
}  // namespace rsr
