// Real multi-teacher data against the published reference implementation's values (settings: the
// data's READMEs).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "golden/oracle.h"
#include "rsr/score.h"
#include "support/run_rows.h"
#include "support/temp_dir.h"

namespace rsr {
namespace {

// rank_surprisal_ratio of each data_name in reference.tsv.
std::map<std::string, double> ReadReference(const std::string& path) {
  std::map<std::string, double> values;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string name, length, rank, surprisal, ratio;
    std::getline(fields, name, '\t');
    std::getline(fields, length, '\t');
    std::getline(fields, rank, '\t');
    std::getline(fields, surprisal, '\t');
    std::getline(fields, ratio, '\t');
    values[name] = std::stod(ratio);
  }
  return values;
}

void CompareWithReference(const std::string& name, int64_t max_tokens) {
  const std::string folder = std::string(RSR_SHARED_DIR) + "/data/" + name;
  const auto reference = ReadReference(folder + "/reference.tsv");
  if (reference.empty()) GTEST_SKIP() << "the reference data is not beside this repository";
  const TempDir dir;
  ScoreOptions options;
  options.student.path = RSR_DEMO_STUDENT;
  options.student.precision = Precision::kF32;
  options.student.max_tokens = max_tokens;
  for (const auto& [file, ratio] : reference)
    options.input.files.push_back(folder + "/" + file + ".jsonl");
  options.out = dir / "run";
  const ScoreSummary summary = Score(options);
  EXPECT_EQ(summary.rows_rejected, 0);
  EXPECT_EQ(summary.turns_found, summary.turns_given);

  const auto rows = ReadRows(options.out);
  for (const auto& [file, ratio] : reference) {
    double ranks = 0, surprisals = 0, worst = 0;
    std::string worst_id;
    const auto samples = ReadJsonLines(folder + "/reference-samples/" + file + ".jsonl");
    ASSERT_FALSE(samples.empty());
    for (const auto& sample : samples) {
      const std::string id = sample["sample_id"];
      ASSERT_TRUE(rows.contains(id)) << id;
      const RunRow& row = rows.at(id);
      EXPECT_EQ(row.scored_tokens, sample["resp_token_length"].get<int>()) << id;
      ranks += row.sum_rank_clip / row.scored_tokens;
      surprisals += row.sum_surprisal / row.scored_tokens;
      const double off = std::abs(
          row.sum_rank_clip / row.sum_surprisal / sample["rank_surprisal_ratio"].get<double>() - 1);
      if (off > worst) worst = off, worst_id = id;
    }
    const double off = std::abs(ranks / surprisals / ratio - 1);
    std::printf("%-24s rsr %.5f, reference %.5f, off by %.4f %%; worst trajectory %.4f %% (%s)\n",
                file.c_str(), ranks / surprisals, ratio, 100 * off, 100 * worst, worst_id.c_str());
    EXPECT_LE(off, 0.002) << file;
    EXPECT_LE(worst, 0.005) << worst_id;
  }
}

TEST(Reference, Gsm8k) { CompareWithReference("gsm8k", 0); }
TEST(Reference, MathReasoning) { CompareWithReference("math-reasoning", 4096); }

}  // namespace
}  // namespace rsr
