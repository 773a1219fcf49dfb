// Every metric of a run in one scan: tokens/s a core and peak memory.
//   metrics_bench [RUN]                         a run that is there
//   metrics_bench DIR TOKENS_PER_ROW ROWS       a synthetic one, written to DIR first
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/memory.h"
#include "bench/cpu_seconds.h"
#include "metrics/scored_rows.h"
#include "rsr/error.h"
#include "store/test_rows.h"

namespace rsr {
namespace {

// Pieces of the lengths and kinds that a real vocabulary has.
std::vector<VocabPiece> Pieces() {
  const std::vector<std::string> kinds = {" check", ".", "\n", " since", ",", " the", " 4", "ing"};
  std::vector<VocabPiece> pieces;
  for (int32_t id = 0; id < kTestVocabSize; ++id) {
    std::string piece = id < 400 ? kinds[id % kinds.size()] : " w" + std::to_string(id);
    pieces.push_back({id, std::move(piece)});
  }
  return pieces;
}

void Write(const std::string &dir, int32_t tokens, int64_t rows) {
  std::filesystem::remove_all(dir);
  const auto writer = RunWriter::Open(dir, MakeTestInfo());
  writer->WriteVocab(Pieces());
  for (int64_t i = 0; i < rows; ++i) writer->Append(MakeTestRow(i, tokens));
  writer->WriteRejected({});
  writer->Finish(true);
}

// CPU seconds of a scan for these metrics.
double Scan(const std::string &dir, const std::vector<const Metric *> &metrics, ScoredRows *data) {
  const double start = CpuSeconds();
  *data = LoadRows({dir}, metrics);
  return CpuSeconds() - start;
}

int Run(const std::string &dir) {
  ScoredRows data;
  const double opening = Scan(dir, {}, &data);  // hashes the shards
  double tokens = 0;
  for (const ScoredRow &row : data.rows) tokens += row.scored_tokens;
  const auto report = [&](const std::string &what, double seconds) {
    std::printf("%-24s %8.1f M tokens/s %8.2f ns a token\n", what.c_str(), tokens / seconds / 1e6,
                seconds / tokens * 1e9);
  };
  std::printf("%zu trajectories, %.1f M tokens\n", data.rows.size(), tokens / 1e6);
  report("open, no metric", opening);
  std::vector<const Metric *> all;
  for (const Metric &metric : AllMetrics()) {
    if (metric.pass.empty()) all.push_back(&metric);  // other passes are no columns of this scan
  }
  ScoredRows scanned;
  report("every metric", Scan(dir, all, &scanned));
  std::printf("peak memory: %.0f MB\n", static_cast<double>(PeakRssBytes()) / 1e6);
  for (const Metric *metric : all) {
    if (metric->columns != RunReader::kNone)
      report("  " + metric->name, Scan(dir, {metric}, &data));
  }
  // rsr from its row's sums, and the same from the token columns.
  size_t wrong = 0;
  const auto at = [&](const char *name) {
    return static_cast<size_t>(std::find(all.begin(), all.end(), &FindMetric(name)) - all.begin());
  };
  for (const ScoredRow &row : scanned.rows) {
    const double product = scanned.Value(row, at("rank_weighted_surp")) * row.sum_rank_clip;
    const double same = scanned.Value(row, at("surp_weighted_rank")) * row.sum_surprisal;
    wrong += !(std::abs(product - same) <= 1e-9 * same);
  }
  if (wrong == 0) return 0;
  std::printf("WRONG: %zu trajectories\n", wrong);
  return 1;
}

}  // namespace
}  // namespace rsr

int main(int argc, char **argv) {
  const std::string dir = argc > 1 ? argv[1] : "/tmp/rsr-metrics-bench";
  try {
    if (argc == 2) return rsr::Run(dir);
    const int32_t tokens = argc > 2 ? std::atoi(argv[2]) : 4000;
    const int64_t rows = argc > 3 ? std::atoll(argv[3]) : 2500;
    // In a process of its own, so that the memory shown is that of reading.
    const pid_t child = fork();
    if (child == 0) {
      rsr::Write(dir, tokens, rows);
      _exit(0);
    }
    waitpid(child, nullptr, 0);
    const int status = rsr::Run(dir);
    std::filesystem::remove_all(dir);
    return status;
  } catch (const rsr::Error &error) {
    std::fprintf(stderr, "%s\nhint: %s\n", error.what(), error.hint().c_str());
    return 1;
  }
}
