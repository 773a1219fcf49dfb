// Real multi-teacher data against the published reference implementation's values (settings: the
// data's READMEs).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "base/file.h"
#include "data/reader.h"
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

// The reference ran on transformers' conversion of the GGUF's tokenizer, which drops SmolLM2's
// pre-tokenizer (digits apart, then GPT-2's pattern) for GPT-2's alone. The two differ exactly
// where two or more spaces or newlines stand before a digit: GPT-2's pattern leaves the last of
// them alone, SmolLM2's keeps them together, as its trainers do and as we do.
bool TokenizedOtherwise(const Trajectory& trajectory) {
  static const std::regex pattern("[ \\n]{2}[0-9]");
  for (const Message& message : trajectory.messages) {
    if (std::regex_search(message.content, pattern)) return true;
  }
  return false;
}

struct Scored {
  std::map<std::string, RunRow> rows;
  void Run(const ScoreOptions& options) {
    const ScoreSummary summary = Score(options);
    EXPECT_EQ(summary.rows_rejected, 0);
    EXPECT_EQ(summary.turns_found, summary.turns_given);
    for (auto& [id, row] : ReadRows(options.out)) rows.emplace(id, std::move(row));
  }
};

double Ratio(const RunRow& row) { return row.sum_rank_clip / row.sum_surprisal; }

// Two runs: all rows with the student as it is; and once more, with GPT-2's pre-tokenizer written
// into a copy of the student, the rows that the reference tokenized in that way. Every trajectory
// is within 0.5 % of the reference where the tokens are the reference's, and every file within 0.2
// %, in both readings.
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

  std::set<std::string> otherwise;
  std::ofstream again(dir / "again.jsonl");
  {
    TrajectoryReader reader(options.input.files);
    for (ReadItem item; reader.Next(&item);) {
      const auto& trajectory = std::get<Trajectory>(item);
      if (!TokenizedOtherwise(trajectory)) continue;
      otherwise.insert(trajectory.id);
      const MappedFile file(options.input.files[trajectory.span.file]);
      again << file.bytes().substr(trajectory.span.offset, trajectory.span.length) << '\n';
    }
    again.close();
  }

  Scored ours, theirs;
  options.out = dir / "ours";
  ours.Run(options);
  options.out = dir / "theirs";
  options.student.path = dir / "gpt2.gguf";
  options.student.cache_dir = dir / "cache";
  options.input.files = {dir / "again.jsonl"};
  WriteChangedStudent(RSR_DEMO_STUDENT, options.student.path, {.pre_tokenizer = "gpt-2"});
  theirs.Run(options);
  ASSERT_EQ(theirs.rows.size(), otherwise.size());

  for (const auto& [file, expected] : reference) {
    const auto samples = ReadJsonLines(folder + "/reference-samples/" + file + ".jsonl");
    ASSERT_FALSE(samples.empty());
    double our_ranks = 0, our_surprisals = 0, their_ranks = 0, their_surprisals = 0, worst = 0;
    std::string worst_id;
    int differing = 0;
    for (const auto& sample : samples) {
      const std::string id = sample["sample_id"];
      ASSERT_TRUE(ours.rows.contains(id)) << id;
      const RunRow& row = ours.rows.at(id);
      const RunRow& same_tokens = otherwise.contains(id) ? theirs.rows.at(id) : row;
      differing += otherwise.contains(id);
      EXPECT_EQ(same_tokens.scored_tokens, sample["resp_token_length"].get<int>()) << id;
      our_ranks += row.sum_rank_clip / row.scored_tokens;
      our_surprisals += row.sum_surprisal / row.scored_tokens;
      their_ranks += same_tokens.sum_rank_clip / same_tokens.scored_tokens;
      their_surprisals += same_tokens.sum_surprisal / same_tokens.scored_tokens;
      const double off =
          std::abs(Ratio(same_tokens) / sample["rank_surprisal_ratio"].get<double>() - 1);
      if (off > worst) worst = off, worst_id = id;
    }
    const double ours_off = std::abs(our_ranks / our_surprisals / expected - 1);
    const double theirs_off = std::abs(their_ranks / their_surprisals / expected - 1);
    std::printf(
        "%-20s reference %.5f; rsr %.5f (off %.4f %%); on the reference's tokens %.5f (off %.4f "
        "%%), worst "
        "trajectory %.4f %% (%s); %d rows tokenized otherwise\n",
        file.c_str(), expected, our_ranks / our_surprisals, 100 * ours_off,
        their_ranks / their_surprisals, 100 * theirs_off, 100 * worst, worst_id.c_str(), differing);
    EXPECT_LE(ours_off, 0.002) << file;
    EXPECT_LE(theirs_off, 0.002) << file;
    EXPECT_LE(worst, 0.005) << worst_id;
  }
}

TEST(Reference, Gsm8k) { CompareWithReference("gsm8k", 0); }
TEST(Reference, MathReasoning) { CompareWithReference("math-reasoning", 4096); }

}  // namespace
}  // namespace rsr
