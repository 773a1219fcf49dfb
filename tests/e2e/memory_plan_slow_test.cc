// A student larger than --memory, in every kind of file: same bits, resident set below it. A long
// trajectory: below weights + 1 GB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "rsr/error.h"
#include "rsr/score.h"
#include "student/gguf_file.h"
#include "student/student_info.h"
#include "support/child.h"
#include "support/random_student.h"
#include "support/run_rows.h"
#include "support/temp_dir.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;

const std::string kRows = std::string(RSR_SOURCE_DIR) + "/examples/data/terse.jsonl";

constexpr int64_t kLimit = 360'000'000;

int64_t PeakOf(const std::vector<std::string>& arguments) {
  const ChildEnd end = WaitForRsr(StartRsr(arguments));
  EXPECT_TRUE(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0) << end.status;
  return end.peak_rss_bytes;
}

struct LargerCase {
  const char* name;
  ggml_type type;
  size_t shards = 0;  // of a directory; 0: a GGUF file
  uint32_t layers = 10;
};

void PrintTo(const LargerCase& c, std::ostream* out) { *out << c.name; }

class LargerThanTheLimit : public testing::TestWithParam<LargerCase> {};

// The file's pages count as memory of the process while they are mapped.
TEST_P(LargerThanTheLimit, ScoresBelowIt) {
  const LargerCase& c = GetParam();
  const TempDir dir;
  const std::string student = dir / "student";
  const RandomStudent size{.layers = c.layers,
                           .width = 1024,
                           .feed_forward = 2816,
                           .heads = 16,
                           .kv_heads = 4,
                           .context_length = 4096,
                           .vocab = 49152,
                           .type = c.type};
  if (c.shards == 0) {
    WriteRandomStudent(RSR_DEMO_STUDENT, student, size);
  } else {
    const std::string text_side = dir / "text";
    ASSERT_EQ(std::system(fmt::format("python3 {}/tests/support/student_dir.py smollm '{}' '{}'",
                                      RSR_SOURCE_DIR, RSR_DEMO_STUDENT, text_side)
                              .c_str()),
              0);
    WriteRandomDirectory(text_side, student, size, c.shards);
  }
  const StudentInfo info = ReadStudent(student);
  EXPECT_GT(info.file_bytes(), kLimit);
  const auto score = [&](const std::string& memory, const std::string& run) {
    return PeakOf({"score", "--quiet", "--threads", "2", "--memory", memory, "--max-tokens", "512",
                   "--student", student, "--out", run, kRows});
  };
  const int64_t resident = score("4G", dir / "resident");
  const int64_t layered = score(fmt::format("{}K", kLimit / 1000), dir / "layered");
  std::printf(
      "files %.0f MB, in float32 %.0f MB; peak RSS resident %.0f MB, with --memory %.0f MB "
      "%.0f MB\n",
      info.file_bytes() / 1e6, info.f32_bytes / 1e6, resident / 1e6, kLimit / 1e6, layered / 1e6);
  EXPECT_LT(layered, kLimit);
  EXPECT_GT(resident, info.f32_bytes);  // or nothing was shown
  // Not the files' pages beside what was unpacked of them.
  EXPECT_LT(resident, info.f32_bytes + 200'000'000);
  ExpectSameRows(ReadRows(dir / "resident"), ReadRows(dir / "layered"));
}

INSTANTIATE_TEST_SUITE_P(All, LargerThanTheLimit,
                         testing::Values(LargerCase{"gguf_f32", GGML_TYPE_F32},
                                         LargerCase{"gguf_q8_0", GGML_TYPE_Q8_0, 0, 30},
                                         LargerCase{"directory_f32", GGML_TYPE_F32, 3},
                                         LargerCase{"directory_bf16", GGML_TYPE_BF16, 1, 14}),
                         [](const testing::TestParamInfo<LargerCase>& info) {
                           return info.param.name;
                         });

TEST(MemoryPlanTest, RefusesWhatIsTooLittle) {
  ScoreOptions options;
  options.student.path = RSR_DEMO_STUDENT;
  options.student.memory = 10'000'000;
  options.input.files = {kRows};
  const TempDir dir;
  options.out = dir / "none";
  try {
    Score(options);
    FAIL() << "scored";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("10 MB of memory are too few for this student"));
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
