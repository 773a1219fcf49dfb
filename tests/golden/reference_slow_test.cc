// Real multi-teacher data against the published reference implementation's values (settings: the
// data's READMEs).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "golden/oracle.h"
#include "rsr/score.h"
#include "support/changed_student.h"
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

// The reference ran on transformers' conversion of the GGUF's tokenizer, which takes GPT-2's
// pre-tokenizer for SmolLM2's (digits apart, then GPT-2's pattern): two or more spaces or newlines
// before a digit come out as other tokens (tests/golden/reference_tokens_test.cc). So the numbers
// are compared on the reference's tokens, with that pre-tokenizer written into a copy of the
// student.
double Ratio(const RunRow& row) { return row.sum_rank_clip / row.sum_surprisal; }

std::map<std::string, RunRow> ScoreRows(const ScoreOptions& options) {
  const ScoreSummary summary = Score(options);
  EXPECT_EQ(summary.rows_rejected, 0);
  EXPECT_EQ(summary.turns_found, summary.turns_given);
  return ReadRows(options.out);
}

// Every file within 0.2 % of the reference and every trajectory within 0.5 %.
void CompareWithReference(const std::string& name, int64_t max_tokens) {
  const std::string folder = std::string(RSR_SHARED_DIR) + "/data/" + name;
  const auto reference = ReadReference(folder + "/reference.tsv");
  if (reference.empty()) GTEST_SKIP() << "the reference data is not beside this repository";
  const TempDir dir;
  ScoreOptions options;
  options.student.path = dir / "gpt2.gguf";
  WriteChangedStudent(RSR_DEMO_STUDENT, options.student.path, {.pre_tokenizer = "gpt-2"});
  options.student.cache_dir = dir / "cache";
  options.student.precision = Precision::kF32;
  options.student.max_tokens = max_tokens;
  for (const auto& [file, ratio] : reference)
    options.input.files.push_back(folder + "/" + file + ".jsonl");
  options.out = dir / "run";
  const auto rows = ScoreRows(options);

  for (const auto& [file, expected] : reference) {
    const auto samples = ReadJsonLines(folder + "/reference-samples/" + file + ".jsonl");
    ASSERT_FALSE(samples.empty());
    double ranks = 0, surprisals = 0, worst = 0;
    for (const auto& sample : samples) {
      const std::string id = sample["sample_id"];
      ASSERT_TRUE(rows.contains(id)) << id;
      const RunRow& row = rows.at(id);
      EXPECT_EQ(row.scored_tokens, sample["resp_token_length"].get<int>()) << id;
      ranks += row.sum_rank_clip / row.scored_tokens;
      surprisals += row.sum_surprisal / row.scored_tokens;
      const double off = std::abs(Ratio(row) / sample["rank_surprisal_ratio"].get<double>() - 1);
      EXPECT_LE(off, 0.005) << id;
      worst = std::max(worst, off);
    }
    const double off = std::abs(ranks / surprisals / expected - 1);
    std::printf(
        "%-20s rsr %.5f, reference %.5f, off by %.5f %%; worst of %zu trajectories %.5f %%\n",
        file.c_str(), ranks / surprisals, expected, 100 * off, samples.size(), 100 * worst);
    EXPECT_LE(off, 0.002) << file;
  }
}

TEST(Reference, Gsm8k) { CompareWithReference("gsm8k", 0); }
TEST(Reference, MathReasoning) { CompareWithReference("math-reasoning", 4096); }

}  // namespace
}  // namespace rsr
