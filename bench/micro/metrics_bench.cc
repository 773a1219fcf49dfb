// Every metric of a run in one scan: tokens/s a core and peak memory.
//   metrics_bench RUN                           a run that is there
//   metrics_bench DIR TOKENS_PER_ROW ROWS       a synthetic one, written to DIR first
//   metrics_bench DIR TIMES RUN...              real rows, those of the runs so many times
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

// Pieces of the lengths and kinds that a real vocabulary has; one in a hundred tokens is a keyword
// of rule_quality, as in real mathematical text.
std::vector<VocabPiece> Pieces() {
  const std::vector<std::string> kinds = {",", ".", "\n", " the", " 4", "ing", " =", " x"};
  std::vector<VocabPiece> pieces;
  for (int32_t id = 0; id < kTestVocabSize; ++id) {
    std::string piece = " w" + std::to_string(id);
    if (id < 400) piece = id % 32 == 31 ? " check" : kinds[id % kinds.size()];
    pieces.push_back({id, std::move(piece)});
  }
  return pieces;
}

void WriteSynthetic(const std::string &dir, int32_t tokens, int64_t rows) {
  const auto writer = RunWriter::Open(dir, MakeTestInfo());
  writer->WriteVocab(Pieces());
  for (int64_t i = 0; i < rows; ++i) writer->Append(MakeTestRow(i, tokens));
  writer->WriteRejected({});
  writer->Finish(true);
}

// The rows of runs of one student, under new ids.
void WriteRepeated(const std::string &dir, int64_t times, const std::vector<std::string> &runs) {
  RunInfo info = MakeTestInfo();
  info.kept.clear();
  std::vector<RunRow> rows;
  for (const std::string &run : runs) {
    const auto reader = RunReader::Open(run);
    reader->ForEach(RunReader::kAll, [&](const RunRow &row) { rows.push_back(row); });
  }
  std::vector<VocabPiece> pieces;
  for (std::string &piece : RunReader::Open(runs[0])->ReadVocab())
    pieces.push_back({static_cast<int32_t>(pieces.size()), std::move(piece)});
  info.vocab_size = static_cast<int64_t>(pieces.size());
  const auto writer = RunWriter::Open(dir, info);
  writer->WriteVocab(pieces);
  for (int64_t i = 0; i < times * static_cast<int64_t>(rows.size()); ++i) {
    RunRow row = rows[i % rows.size()];
    row.row = i;
    row.id = "trajectory-" + std::to_string(i);
    row.file = 0;
    row.kept.clear();
    writer->Append(row);
  }
  writer->WriteRejected({});
  writer->Finish(true);
}

// CPU seconds of a scan for these metrics.
double Scan(const std::string &dir, const std::vector<const Metric *> &metrics, ScoredRows *data) {
  const double start = CpuSeconds();
  *data = LoadRows({dir}, metrics);
  return CpuSeconds() - start;
}

// CPU seconds of reading the columns that these metrics fold.
double ReadColumns(RunReader &reader, const std::vector<const Metric *> &metrics) {
  uint32_t columns = RunReader::kNone;
  for (const Metric *metric : metrics) columns |= metric->columns;
  const double start = CpuSeconds();
  reader.ForEach(columns, [](const RunRow &) {});
  return CpuSeconds() - start;
}

int Run(const std::string &dir) {
  ScoredRows data;
  const double start = CpuSeconds();
  const std::unique_ptr<RunReader> reader = RunReader::Open(dir);  // hashes the shards
  const double opening = CpuSeconds() - start;
  std::vector<const Metric *> all;
  for (const Metric &metric : AllMetrics()) {
    if (metric.pass.empty()) all.push_back(&metric);  // other passes are no columns of this scan
  }
  const double reading = ReadColumns(*reader, all);
  ScoredRows scanned;
  const double scan = Scan(dir, all, &scanned);
  double tokens = 0;
  for (const ScoredRow &row : scanned.rows) tokens += row.scored_tokens;
  const auto report = [&](const std::string &what, double seconds) {
    std::printf("%-24s %8.1f M tokens/s %8.2f ns a token\n", what.c_str(), tokens / seconds / 1e6,
                seconds / tokens * 1e9);
  };
  std::printf("%zu trajectories, %.1f M tokens\n", scanned.rows.size(), tokens / 1e6);
  report("every metric", scan);
  report("  of it: open and hash", opening);
  report("  read the columns", reading);
  report("  fold, the rest", scan - opening - reading);
  std::printf("peak memory: %.0f MB\n", static_cast<double>(PeakRssBytes()) / 1e6);
  std::printf("one metric alone, opening and reading included:\n");
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
    const int64_t number = argc > 2 ? std::atoll(argv[2]) : 4000;
    const bool real = argc > 3 && std::filesystem::is_directory(argv[3]);
    // In a process of its own, so that the memory shown is that of reading.
    const pid_t child = fork();
    if (child == 0) {
      std::filesystem::remove_all(dir);
      if (real) {
        rsr::WriteRepeated(dir, number, {argv + 3, argv + argc});
      } else {
        const int64_t rows = argc > 3 ? std::atoll(argv[3]) : 2500;
        rsr::WriteSynthetic(dir, static_cast<int32_t>(number), rows);
      }
      _exit(0);
    }
    int written = 0;
    waitpid(child, &written, 0);
    if (written != 0) return 1;
    const int status = rsr::Run(dir);
    std::filesystem::remove_all(dir);
    return status;
  } catch (const rsr::Error &error) {
    std::fprintf(stderr, "%s\nhint: %s\n", error.what(), error.hint().c_str());
    return 1;
  }
}
