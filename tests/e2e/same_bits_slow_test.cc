// The stored columns do not depend on threads, packs, sweep size, memory, input order or being
// killed.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <optional>
#include <random>
#include <thread>

#include "rsr/score.h"
#include "support/child.h"
#include "support/run_rows.h"
#include "support/temp_dir.h"

namespace rsr {
namespace {

const std::string kData = std::string(RSR_SOURCE_DIR) + "/examples/data/";

ScoreOptions Options(const std::string& out) {
  ScoreOptions options;
  options.student.path = RSR_DEMO_STUDENT;
  options.student.precision = Precision::kF32;
  options.input.files = {kData + "terse.jsonl", kData + "textbook.jsonl"};
  options.out = out;
  return options;
}

TEST(SameBits, WhateverThreadsSweepAndOrder) {
  const TempDir dir;
  ScoreOptions options = Options(dir / "a");
  options.threads = 1;
  Score(options);
  const auto rows = ReadRows(options.out);
  EXPECT_GE(rows.size(), 24u);

  options.out = dir / "b";
  options.threads = 2;
  options.sweep_rows = 37;
  Score(options);
  ExpectSameRows(rows, ReadRows(options.out));

  options.out = dir / "layer-by-layer";
  options.student.memory = 460'000'000;  // float32 weights alone are 538 MB
  std::optional<MemoryPlan> plan;
  options.on_plan = [&](const ScorePlan& made) { plan = made.memory; };
  Score(options);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->layer_by_layer);
  ExpectSameRows(rows, ReadRows(options.out));

  options.student.memory = 0;
  options.out = dir / "c";
  options.threads = 3;
  options.sweep_rows = 9;
  std::swap(options.input.files[0], options.input.files[1]);
  Score(options);
  ExpectSameRows(rows, ReadRows(options.out));
}

pid_t StartScore(const std::string& out) {
  return StartRsr({"score", "--quiet", "--student", RSR_DEMO_STUDENT, "--precision", "f32", "--out",
                   out, kData + "terse.jsonl", kData + "textbook.jsonl"});
}

TEST(SameBits, AfterBeingKilledFiveTimes) {
  const TempDir dir;
  const auto begin = std::chrono::steady_clock::now();
  Score(Options(dir / "whole"));
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - begin;

  std::mt19937 random(20260123);
  // Moments that together stay below one whole run, so that the last session still has work to do.
  std::uniform_real_distribution<double> moment(0.05, 0.3);
  for (int kill_count = 0; kill_count < 5; ++kill_count) {
    const pid_t child = StartScore(dir / "killed");
    std::this_thread::sleep_for(whole * moment(random));
    ::kill(child, SIGKILL);
    const int status = WaitForRsr(child).status;
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "ended before it was killed: " << status;
  }
  const int status = WaitForRsr(StartScore(dir / "killed")).status;
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ExpectSameRows(ReadRows(dir / "whole"), ReadRows(dir / "killed"));
  EXPECT_TRUE(ReadRunInfo(dir / "killed")->complete);
}

}  // namespace
}  // namespace rsr
