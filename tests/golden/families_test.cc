// The native engine on a tiny random model of every family, as a GGUF file and as the Hugging Face
// directory of the same model, against transformers in float32. families/make_families.py makes
// models and golden values.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/native/native_engine.h"
#include "golden/oracle.h"
#include "rsr/student.h"

namespace rsr {
namespace {

const std::string kFolder = std::string(RSR_SOURCE_DIR) + "/tests/golden/families/";

class FamiliesTest : public testing::TestWithParam<std::string> {
 protected:
  static std::vector<TokenStats> Score(const std::string& student,
                                       const std::vector<int32_t>& ids) {
    std::vector<int32_t> positions(ids.size() - 1);
    std::iota(positions.begin(), positions.end(), 1);
    std::vector<TokenStats> stats(positions.size());
    const auto engine = OpenNativeEngine({.student = {.path = kFolder + student}});
    engine->NewWorker()->Score(ids, positions, stats.data());
    return stats;
  }
  static std::vector<nlohmann::json> Golden() {  // texts of this family
    std::vector<nlohmann::json> rows = ReadJsonLines(kFolder + "golden.jsonl");
    std::erase_if(rows, [](const auto& row) { return row["family"] != GetParam(); });
    return rows;
  }
};

using FamiliesAsGgufTest = FamiliesTest;

void ExpectAgreement(const nlohmann::json& golden, const std::vector<TokenStats>& stats) {
  double worst = 0;
  int moved = 0;
  for (size_t i = 0; i < stats.size(); ++i) {
    const double error = std::abs(stats[i].surprisal - golden["surprisal"][i].get<double>());
    worst = std::max(worst, error);
    ASSERT_LT(error, 1e-4) << "position " << i + 1;
    ASSERT_NEAR(stats[i].entropy, golden["entropy"][i].get<double>(), 1e-4) << i + 1;
    const int off = std::abs(stats[i].rank - golden["rank"][i].get<int>());
    ASSERT_LE(off, 1) << "position " << i + 1;  // logits within rounding of each other
    moved += off;
  }
  EXPECT_LE(moved, 1);
  fmt::print("{}: {} tokens, surprisal within {:.1e}, {} ranks moved by near ties\n",
             golden["family"].get<std::string>(), stats.size(), worst, moved);
}

TEST_P(FamiliesTest, AgreesWithTransformers) {
  const auto texts = Golden();
  ASSERT_FALSE(texts.empty());
  for (const auto& golden : texts) {
    ExpectAgreement(golden, Score(GetParam(), golden["ids"].get<std::vector<int32_t>>()));
  }
}

TEST_P(FamiliesAsGgufTest, SameBitsFromBothFormats) {
  for (const auto& golden : Golden()) {
    const auto ids = golden["ids"].get<std::vector<int32_t>>();
    const auto directory = Score(GetParam(), ids), gguf = Score(GetParam() + ".gguf", ids);
    EXPECT_EQ(std::memcmp(directory.data(), gguf.data(), gguf.size() * sizeof(TokenStats)), 0);
  }
}

// Sequences of a pack share blocks of rows, but neither masks nor positions.
TEST_P(FamiliesTest, SameBitsInAPack) {
  const auto ids = Golden()[0]["ids"].get<std::vector<int32_t>>();
  const std::vector<size_t> lengths = {65, 300, 2, 64, 200};
  std::vector<std::vector<int32_t>> rows, positions;
  std::vector<std::vector<TokenStats>> stats;
  for (const size_t length : lengths) {
    rows.emplace_back(ids.end() - static_cast<int64_t>(length), ids.end());
    positions.emplace_back(length - 1);
    std::iota(positions.back().begin(), positions.back().end(), 1);
    stats.emplace_back(length - 1);
  }
  std::vector<ScoreRequest> pack;
  for (size_t i = 0; i < rows.size(); ++i) {
    pack.push_back({rows[i], positions[i], stats[i].data()});
  }
  OpenNativeEngine({.student = {.path = kFolder + GetParam()}})->NewWorker()->Score(pack);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto alone = Score(GetParam(), rows[i]);
    EXPECT_EQ(std::memcmp(stats[i].data(), alone.data(), alone.size() * sizeof(TokenStats)), 0);
  }
}

// Through tokenizer and template as well.
TEST_P(FamiliesAsGgufTest, SameConversationFromBothFormats) {
  const std::vector<ChatMessage> chat = {{"user", "What is 1 + 2?"},
                                         {"assistant", "It is 3: one and two is three."}};
  Student directory = Student::Open({.path = kFolder + GetParam()}),
          gguf = Student::Open(
              {.path = kFolder + GetParam() + ".gguf", .engine = EngineChoice::kNative});
  const ConversationScore a = directory.Score(chat), b = gguf.Score(chat);
  ASSERT_GT(a.tokens.size(), 15u);
  ASSERT_EQ(a.tokens.size(), b.tokens.size());
  for (size_t i = 0; i < a.tokens.size(); ++i) {
    EXPECT_EQ(a.tokens[i].token_id, b.tokens[i].token_id) << i;
    EXPECT_EQ(a.tokens[i].surprisal, b.tokens[i].surprisal) << i;
  }
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

const std::string kBothFormats[] = {
    "llama",  "mistral", "smollm2", "qwen2",   "qwen3",        "smollm3",    "gemma2",
    "gemma3", "phi3",    "olmo2",   "granite", "llama-biases", "qwen3-yarn", "phi3-longrope"};

INSTANTIATE_TEST_SUITE_P(All, FamiliesTest, testing::ValuesIn(kBothFormats), TestName);
INSTANTIATE_TEST_SUITE_P(All, FamiliesAsGgufTest, testing::ValuesIn(kBothFormats), TestName);
// Windows of some layers only, which a GGUF file of this family cannot say.
INSTANTIATE_TEST_SUITE_P(Directory, FamiliesTest, testing::Values("qwen2-window"), TestName);

}  // namespace
}  // namespace rsr
