// A 32k-token trajectory stays below weights + KV cache + 1 GB: nothing grows with vocabulary x
// tokens.
#include <gtest/gtest.h>

#include <fstream>

#include "store/run.h"
#include "student/gguf_file.h"
#include "support/changed_student.h"
#include "support/child.h"
#include "support/run_rows.h"
#include "support/temp_dir.h"

namespace rsr {
namespace {

TEST(Memory, ALongTrajectory) {
  constexpr int64_t kTokens = 32768, kLayers = 1;
  const TempDir dir;
  const std::string student = dir / "student.gguf";
  WriteChangedStudent(RSR_DEMO_STUDENT, student, {.layers = kLayers, .context_length = kTokens});
  {
    std::ofstream rows(dir / "long.jsonl");
    rows
        << R"({"id":"long","messages":[{"role":"user","content":"Count."},{"role":"assistant","content":")";
    for (int i = 0; i < 12000; ++i) rows << i % 977 << " apples, ";
    rows << "\"}]}\n";
  }
  ::setenv("RSR_CACHE", (dir / "cache").c_str(), 1);  // for the dequantised copy
  const ChildEnd end = WaitForRsr(StartRsr(
      {"score", "--quiet", "--threads", "1", "--precision", "f32", "--max-tokens",
       std::to_string(kTokens), "--student", student, "--out", dir / "run", dir / "long.jsonl"}));
  ASSERT_TRUE(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0) << end.status;
  const auto rows = ReadRows(dir / "run");
  ASSERT_EQ(rows.at("long").prompt_tokens + rows.at("long").scored_tokens, kTokens);

  const int64_t weights = ReadGguf(student).f32_bytes;
  constexpr int64_t kKvHeads = 3, kHeadWidth = 64;
  const int64_t kv_cache = kTokens * kLayers * kKvHeads * kHeadWidth * 2 * int64_t{sizeof(float)};
  std::printf("peak RSS %.0f MB; weights %.0f MB, KV cache %.0f MB; all logits would be %.0f MB\n",
              end.peak_rss_bytes / 1e6, weights / 1e6, kv_cache / 1e6, 4e-6 * kTokens * 49152);
  EXPECT_LT(end.peak_rss_bytes, weights + kv_cache + 1'000'000'000);
}

}  // namespace
}  // namespace rsr
