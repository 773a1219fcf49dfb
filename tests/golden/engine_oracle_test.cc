// The engine alone against transformers in float32: token ids and positions come from the oracle
// file, so that tokenizer and mask have no part in it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/llama/llama_engine.h"
#include "engine/native/native_engine.h"
#include "golden/oracle.h"

namespace rsr {
namespace {

void Compare(Engine& engine) {
  const auto golden = ReadOracle();
  if (golden.empty()) GTEST_SKIP() << "the oracle's files are not beside this repository";
  const auto worker = engine.NewWorker();
  int64_t tokens = 0, other_rank = 0;
  double worst_surprisal = 0, worst_other = 0, worst_rsr = 0;
  for (const auto& row : golden) {
    const auto ids = row["input_ids"].get<std::vector<int32_t>>();
    std::vector<int32_t> positions;
    for (const auto& token : row["tokens"]) positions.push_back(token["pos"].get<int32_t>());
    std::vector<TokenStats> stats(positions.size());
    worker->Score(ids, positions, stats.data());
    double ranks = 0, surprisals = 0;
    for (size_t i = 0; i < stats.size(); ++i) {
      const auto& expected = row["tokens"][i];
      const std::string where = fmt::format("{} at {}", row["id"].get<std::string>(), positions[i]);
      const auto difference = [&](float value, const char* name) {
        return std::abs(static_cast<double>(value) - expected[name].get<double>());
      };
      const double surprisal = difference(stats[i].surprisal, "nll");
      EXPECT_LT(surprisal, 2e-3) << where;
      worst_surprisal = std::max(worst_surprisal, surprisal);
      for (const double other :
           {difference(stats[i].entropy, "entropy"), difference(stats[i].mass_above, "mass_above"),
            difference(stats[i].sum_p2, "sum_p2")}) {
        EXPECT_LT(other, 1e-3) << where;
        worst_other = std::max(worst_other, other);
      }
      EXPECT_EQ(stats[i].top1_id, expected["top1"].get<int32_t>()) << where;
      // Entries within float32 noise of the target may change sides: few, and only deep in the
      // tail where logits lie that dense.
      const int rank = expected["rank"].get<int>();
      other_rank += stats[i].rank != rank;
      EXPECT_LE(std::abs(stats[i].rank - rank), rank / 1000) << where;
      ranks += std::min(stats[i].rank, 100);
      surprisals += stats[i].surprisal;
      ++tokens;
    }
    const double rsr = row["rsr"].get<double>();
    worst_rsr = std::max(worst_rsr, std::abs(ranks / surprisals / rsr - 1));
    EXPECT_LT(worst_rsr, 1e-3) << row["id"];
  }
  EXPECT_EQ(golden.size(), 12u);
  EXPECT_LE(other_rank, tokens / 100);
  fmt::print(
      "{} tokens: surprisal within {:.1e}, entropy, mass_above and sum_p2 within {:.1e}, "
      "rsr within {:.1e}; {} ranks moved by near ties\n",
      tokens, worst_surprisal, worst_other, worst_rsr, other_rank);
}

TEST(EngineOracle, Llama) {
  Compare(
      *OpenLlamaEngine({.student = {.path = RSR_DEMO_STUDENT,
                                    .precision = Precision::kF32,
                                    .cache_dir = std::string(RSR_BINARY_DIR) + "/student_cache"}}));
}

TEST(EngineOracle, Native) { Compare(*OpenNativeEngine({.student = {.path = RSR_DEMO_STUDENT}})); }

}  // namespace
}  // namespace rsr
