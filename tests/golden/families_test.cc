// The native engine on a tiny random model of every family, against transformers in float32.
// families/make_families.py makes models and golden values.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/native/native_engine.h"
#include "golden/oracle.h"

namespace rsr {
namespace {

const std::string kFolder = std::string(RSR_SOURCE_DIR) + "/tests/golden/families/";

class FamiliesTest : public testing::TestWithParam<std::string> {};

TEST_P(FamiliesTest, AgreesWithTransformers) {
  nlohmann::json golden;
  for (const auto& row : ReadJsonLines(kFolder + "golden.jsonl")) {
    if (row["family"] == GetParam()) golden = row;
  }
  ASSERT_FALSE(golden.is_null());
  const auto ids = golden["ids"].get<std::vector<int32_t>>();
  std::vector<int32_t> positions(ids.size() - 1);
  std::iota(positions.begin(), positions.end(), 1);
  std::vector<TokenStats> stats(positions.size());
  const auto engine = OpenNativeEngine({.student = {.path = kFolder + GetParam() + ".gguf"}});
  engine->NewWorker()->Score(ids, positions, stats.data());
  double worst = 0;
  int moved = 0;
  for (size_t i = 0; i < stats.size(); ++i) {
    const double error = std::abs(stats[i].surprisal - golden["surprisal"][i].get<double>());
    worst = std::max(worst, error);
    ASSERT_LT(error, 1e-4) << "position " << positions[i];
    ASSERT_NEAR(stats[i].entropy, golden["entropy"][i].get<double>(), 1e-4) << positions[i];
    const int off = std::abs(stats[i].rank - golden["rank"][i].get<int>());
    ASSERT_LE(off, 1) << "position " << positions[i];  // logits within rounding of each other
    moved += off;
  }
  EXPECT_LE(moved, 1);
  fmt::print("{}: {} tokens, surprisal within {:.1e}, {} ranks moved by near ties\n", GetParam(),
             stats.size(), worst, moved);
}

INSTANTIATE_TEST_SUITE_P(All, FamiliesTest,
                         testing::Values("llama", "qwen2", "qwen3", "smollm3", "gemma2", "gemma3",
                                         "olmo2", "granite"),
                         [](const testing::TestParamInfo<std::string>& info) {
                           return info.param;
                         });

}  // namespace
}  // namespace rsr
