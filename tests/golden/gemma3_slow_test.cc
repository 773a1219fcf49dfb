// The native engine on Gemma 3 270M (a quantised GGUF file) against transformers in float32, on the
// oracle's cases (gemma3/make_cases.py).
//
// Ids and positions are the oracle's: transformers 5.6 makes other merges of the file's scores than
// Gemma's tokenizer.json has ("user" becomes two tokens). Our tokens are held to the latter by
// tokenizers_test.cc.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/native/native_engine.h"
#include "golden/oracle.h"

namespace rsr {
namespace {

TEST(Gemma3, AgreesWithTheOracle) {
  const std::string student = RSR_GEMMA_STUDENT;
  if (student.empty()) {
    GTEST_SKIP() << "Gemma 3 270M is not there; third_party/get.sh gemma fetches it (238 MB), then "
                    "build again";
  }
  const auto engine = OpenNativeEngine({.student = {.path = student}});
  const auto worker = engine->NewWorker();
  size_t tokens = 0;
  int moved = 0;
  double worst = 0, worst_rsr = 0;
  const auto rows =
      ReadJsonLines(std::string(RSR_SOURCE_DIR) + "/tests/golden/gemma3/cases.f32.jsonl");
  ASSERT_EQ(rows.size(), 12u);
  for (const auto& row : rows) {
    SCOPED_TRACE(row["id"].get<std::string>());
    const auto ids = row["input_ids"].get<std::vector<int32_t>>();
    std::vector<int32_t> positions;
    for (const auto& token : row["tokens"]) positions.push_back(token["pos"].get<int32_t>());
    std::vector<TokenStats> stats(positions.size());
    const ScoreRequest request{ids, positions, stats.data()};
    worker->Score({&request, 1});
    double ranks = 0, surprisals = 0;
    for (size_t i = 0; i < stats.size(); ++i) {
      const auto& want = row["tokens"][i];
      const TokenStats& got = stats[i];
      const double error = std::abs(got.surprisal - want["nll"].get<double>());
      worst = std::max(worst, error);
      EXPECT_LT(error, 2e-4) << "position " << positions[i];
      EXPECT_NEAR(got.entropy, want["entropy"].get<double>(), 2e-4) << positions[i];
      const int off = std::abs(got.rank - want["rank"].get<int>());
      EXPECT_LE(off, 1 + want["rank"].get<int>() / 500) << "position " << positions[i];
      moved += off > 0;
      ranks += std::min(got.rank, 100);
      surprisals += got.surprisal;
    }
    worst_rsr = std::max(worst_rsr, std::abs(ranks / surprisals / row["rsr"].get<double>() - 1));
    tokens += stats.size();
  }
  EXPECT_LT(worst_rsr, 1e-4);
  EXPECT_LE(moved, 4);
  fmt::print(
      "Gemma 3 270M: {} tokens, surprisal within {:.1e}, {} ranks moved, RSR within {:.1e} "
      "of its value\n",
      tokens, worst, moved, worst_rsr);
}

}  // namespace
}  // namespace rsr
