// Input of any size streams through `rsr check -`: the memory it takes does not grow with it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "support/child.h"

namespace rsr {
namespace {

// Peak memory of `rsr check -` while `megabytes` of generated chats come through the pipe.
int64_t PeakBytes(int megabytes) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = StartRsr({"check", "--quiet", "--student", RSR_DEMO_STUDENT, "-"}, ends[0]);
  close(ends[0]);
  FILE* const out = fdopen(ends[1], "w");
  int64_t written = 0;
  for (int64_t row = 0; written < int64_t{megabytes} * 1'000'000; ++row) {
    written += std::fprintf(
        out,
        R"({"id": "row-%ld", "problem_id": "p-%ld", "messages": [{"role": "user", "content": )"
        R"("Count from %ld."}, {"role": "assistant", "content": ")",
        row, row, row);
    for (int64_t i = 0; i < 300; ++i) written += std::fprintf(out, "%ld apples, ", row + i);
    written += std::fprintf(out, "\"}]}\n");
  }
  std::fclose(out);
  const ChildEnd end = WaitForRsr(child);
  EXPECT_TRUE(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0) << end.status;
  return end.peak_rss_bytes;
}

TEST(PipedMemory, DoesNotGrowWithTheInput) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps freed memory";
#endif
  const int64_t small = PeakBytes(2), large = PeakBytes(30);
  std::printf("peak memory: %.1f MB for 2 MB, %.1f MB for 30 MB\n", small / 1e6, large / 1e6);
  EXPECT_LT(large - small, 8'000'000);
}

}  // namespace
}  // namespace rsr
