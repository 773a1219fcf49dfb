// A student larger than --memory: same bits, resident set below it. A long trajectory: below
// weights + 1 GB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "rsr/error.h"
#include "rsr/score.h"
#include "student/gguf_file.h"
#include "support/child.h"
#include "support/random_student.h"
#include "support/run_rows.h"
#include "support/temp_dir.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;

const std::string kRows = std::string(RSR_SOURCE_DIR) + "/examples/data/terse.jsonl";

int64_t PeakOf(const std::vector<std::string>& arguments) {
  const ChildEnd end = WaitForRsr(StartRsr(arguments));
  EXPECT_TRUE(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0) << end.status;
  return end.peak_rss_bytes;
}

TEST(MemoryPlanTest, AStudentLargerThanTheLimit) {
  const TempDir dir;
  const std::string student = dir / "student.gguf";
  WriteRandomStudent(RSR_DEMO_STUDENT, student,
                     {.layers = 10,
                      .width = 1024,
                      .feed_forward = 2816,
                      .heads = 16,
                      .kv_heads = 4,
                      .context_length = 4096});
  const int64_t file = static_cast<int64_t>(std::filesystem::file_size(student));
  constexpr int64_t kLimit = 500'000'000;
  EXPECT_GT(file, kLimit + 100'000'000);
  const auto score = [&](const std::string& memory, const std::string& run) {
    return PeakOf({"score", "--quiet", "--threads", "2", "--memory", memory, "--max-tokens", "2048",
                   "--student", student, "--out", run, kRows});
  };
  const int64_t resident = score("4G", dir / "resident");
  const int64_t layered = score("500M", dir / "layered");
  std::printf("file %.0f MB; peak RSS resident %.0f MB, with --memory 500M %.0f MB\n", file / 1e6,
              resident / 1e6, layered / 1e6);
  EXPECT_LT(layered, kLimit);
  EXPECT_GT(resident, file);  // or nothing was shown
  ExpectSameRows(ReadRows(dir / "resident"), ReadRows(dir / "layered"));

  ScoreOptions options;
  options.student.path = student;
  options.student.memory = 100'000'000;
  options.input.files = {kRows};
  options.out = dir / "none";
  try {
    Score(options);
    FAIL() << "scored";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("100 MB of memory are too few for this student"));
    EXPECT_THAT(error.hint(), HasSubstr("give it --memory "));
  }
}

// Two layers of Qwen2.5-0.5B's sizes: residual stream, keys and values do not depend on their
// number.
TEST(MemoryPlanTest, ALongTrajectory) {
  constexpr int64_t kTokens = 32768;
  const TempDir dir;
  const std::string student = dir / "student.gguf";
  WriteRandomStudent(RSR_DEMO_STUDENT, student,
                     {.layers = 2,
                      .width = 896,
                      .feed_forward = 4864,
                      .heads = 14,
                      .kv_heads = 2,
                      .context_length = kTokens,
                      .vocab = 151936});
  {
    std::ofstream rows(dir / "long.jsonl");
    const auto apples = [&](int count) {
      for (int i = 0; i < count; ++i) rows << i % 977 << " apples, ";
    };
    rows << R"({"id":"long","messages":[{"role":"user","content":")";
    apples(3500);
    rows << R"("},{"role":"assistant","content":")";
    apples(7000);
    rows << "\"}]}\n";
  }
  const auto score = [&](const std::string& memory, const std::string& run) {
    return PeakOf({"score", "--quiet", "--threads", "1", "--memory", memory, "--max-tokens",
                   std::to_string(kTokens), "--student", student, "--out", run,
                   dir / "long.jsonl"});
  };
  const int64_t weights = ReadGguf(student).f32_bytes;
  const int64_t resident = score("4G", dir / "resident");
  const int64_t layered = score("600M", dir / "layered");
  std::printf("weights %.0f MB; peak RSS resident %.0f MB, with --memory 600M %.0f MB\n",
              weights / 1e6, resident / 1e6, layered / 1e6);
  const auto rows = ReadRows(dir / "resident");
  ASSERT_EQ(rows.at("long").prompt_tokens + rows.at("long").scored_tokens, kTokens);
  ASSERT_GT(rows.at("long").scored_tokens, 5000);
  EXPECT_LT(resident, weights + 1'000'000'000);
  EXPECT_LT(layered, 600'000'000);
  ExpectSameRows(rows, ReadRows(dir / "layered"));
}

}  // namespace
}  // namespace rsr
