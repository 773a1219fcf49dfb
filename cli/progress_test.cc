#include "cli/progress.h"

#include <gtest/gtest.h>

namespace rsr::cli {
namespace {

ScoreProgress Some(double seconds, double fraction, int64_t tokens, double seconds_left = -1) {
  return {.rows_done = static_cast<int64_t>(5000 * fraction),
          .rows_total = 5000,
          .tokens_done = tokens,
          .fraction = fraction,
          .seconds = seconds,
          .seconds_left = seconds_left};
}

TEST(ProgressTest, BarWaitsTwoSecondsAndIsRedrawnTenTimesASecond) {
  Progress progress;
  EXPECT_EQ(progress.At(0.5, Some(0, 0, 0), 80), "");
  EXPECT_EQ(progress.At(1.9, Some(1, 0.1, 600), 80), "");
  EXPECT_EQ(progress.At(2.5, Some(2, 0.25, 1200, 6), 80),
            " 25 % [######---------------------]  1,250 of 5,000 rows  600 tokens/s  ETA 6 s");
  EXPECT_EQ(progress.At(2.55, Some(2, 0.25, 1200), 80), "");
  EXPECT_NE(progress.At(2.65, Some(2, 0.25, 1200), 80), "");
}

TEST(ProgressTest, FitsTheTerminal) {
  for (int width = 1; width < 200; ++width) {
    Progress progress;
    progress.At(0, Some(0, 0, 0), width);
    EXPECT_LT(progress.At(3, Some(3, 1, 123456789), width).size(), static_cast<size_t>(width));
  }
}

TEST(ProgressTest, LinesEveryThirtySecondsInALog) {
  Progress progress;
  EXPECT_EQ(progress.At(5, Some(0, 0.5, 0), 0), "");
  EXPECT_EQ(progress.At(29, Some(24, 0.5, 0), 0), "");
  EXPECT_EQ(progress.At(31, Some(26, 0.75, 2600, 26), 0),
            " 75 %  3,750 of 5,000 rows  100 tokens/s  ETA 26 s");
  EXPECT_EQ(progress.At(60, Some(55, 0.8, 2600), 0), "");
  EXPECT_NE(progress.At(61, Some(56, 0.8, 2600), 0), "");
}

TEST(ProgressTest, ALogOfANightHasAHundredLines) {
  Progress progress;
  int lines = 0;
  for (int second = 0; second < 8 * 3600; ++second) {
    lines += !progress.At(second, Some(second, 0.5, 1), 0).empty();
  }
  EXPECT_GT(lines, 80);
  EXPECT_LT(lines, 140);
}

TEST(ProgressTest, APassIsNamed) {
  Progress progress;
  ScoreProgress ifd = Some(26, 0.75, 2600);
  ifd.pass = "ifd";
  EXPECT_EQ(progress.At(31, ifd, 0), " 75 % ifd  3,750 of 5,000 rows  100 tokens/s");
}

}  // namespace
}  // namespace rsr::cli
