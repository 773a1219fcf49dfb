// How fast the right half folds over a run: tokens/s a core. `store_read_bench [DIR
// [TOKENS_PER_ROW [ROWS]]]`
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>

#include "base/memory.h"
#include "store/test_rows.h"

namespace rsr {
namespace {

// Of the processor: the goal is a rate per core, whatever else the machine does.
double Seconds(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

void Write(const std::string& dir, int32_t tokens, int64_t rows) {
  std::filesystem::remove_all(dir);
  double seconds = 0, bytes = 0;
  auto writer = RunWriter::Open(dir, MakeTestInfo());
  for (int64_t i = 0; i < rows; ++i) {
    const RunRow row = MakeTestRow(i, tokens);
    seconds += Seconds([&] { writer->Append(row); });
  }
  seconds += Seconds([&] { writer->Finish(true); });
  for (const auto& file : std::filesystem::directory_iterator(dir + "/shards")) {
    bytes += static_cast<double>(file.file_size());
  }
  const auto total = static_cast<double>(rows * tokens);
  std::printf("%d tokens a row; write: %.1f M tokens/s, %.1f bytes a token on disk\n", tokens,
              total / seconds / 1e6, bytes / total);
}

int Run(const std::string& dir, int32_t tokens, int64_t rows) {
  // In a process of its own, so that the memory below is that of reading.
  if (const pid_t child = fork(); child == 0) {
    Write(dir, tokens, rows);
    std::fflush(stdout);
    _exit(0);
  } else {
    waitpid(child, nullptr, 0);
  }
  const auto total = static_cast<double>(rows * tokens);
  std::unique_ptr<RunReader> reader;
  const double opening = Seconds([&] { reader = RunReader::Open(dir); });
  std::printf("open (hash all shards): %.1f M tokens/s\n", total / opening / 1e6);

  double clip = 0, expected_clip = 0, surprisal = 0;
  const double folding = Seconds([&] {
    reader->ForEach(RunReader::kSurprisal | RunReader::kRank, [&](const RunRow& row) {
      int64_t row_clip = 0;
      double row_surprisal = 0;
      for (const int32_t rank : row.tokens.rank) row_clip += std::min(rank, 100);
      for (const float s : row.tokens.surprisal) row_surprisal += s;
      clip += static_cast<double>(row_clip);
      surprisal += row_surprisal;
      expected_clip += row.sum_rank_clip;
    });
  });
  std::printf("fold over surprisal and rank: %.1f M tokens/s (rsr %.4f)\n", total / folding / 1e6,
              clip / surprisal);
  const double everything =
      Seconds([&] { reader->ForEach(RunReader::kAll, [](const RunRow&) {}); });
  std::printf("read all columns: %.1f M tokens/s\n", total / everything / 1e6);
  std::printf("peak memory: %.0f MB\n", static_cast<double>(PeakRssBytes()) / 1e6);
  std::filesystem::remove_all(dir);
  if (clip != expected_clip || clip == 0) {
    std::printf("WRONG: sum of clipped ranks %.0f, expected %.0f\n", clip, expected_clip);
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  const std::string dir = argc > 1 ? argv[1] : "/tmp/rsr-store-read-bench";
  const int32_t tokens = argc > 2 ? std::atoi(argv[2]) : 4000;
  const int64_t rows = argc > 3 ? std::atoll(argv[3]) : 3000;
  return rsr::Run(dir, tokens, rows);
}
