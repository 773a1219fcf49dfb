// Head gradients of the tiny models of every family, hidden states by the native engine, against
// autograd in double. families/make_gradients.py makes the golden values.
#include "kernels/head_gradient.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/native/native_engine.h"
#include "golden/oracle.h"

namespace rsr {
namespace {

const std::string kFolder = std::string(RSR_SOURCE_DIR) + "/tests/golden/families/";
constexpr int kEvery = 16;  // rows of the gradients that are golden

double WorstOf(const std::vector<double>& got, const nlohmann::json& want, int64_t width) {
  double worst = 0;
  for (size_t row = 0; row < want.size(); ++row) {
    for (int64_t j = 0; j < width; ++j) {
      const double x = got[row * kEvery * width + j];
      worst = std::max(worst, std::abs(x - want[row][j].get<double>()));
    }
  }
  return worst;
}

class HeadGradientTest : public testing::TestWithParam<std::string> {};

TEST_P(HeadGradientTest, AgreesWithAutograd) {
  nlohmann::json golden, tokens;
  for (const auto& row : ReadJsonLines(kFolder + "gradients.jsonl")) {
    if (row["family"] == GetParam()) golden = row;
  }
  for (const auto& row : ReadJsonLines(kFolder + "golden.jsonl")) {
    if (row["family"] == GetParam()) tokens = row;
  }
  ASSERT_FALSE(golden.is_null() || tokens.is_null());
  const auto ids = tokens["ids"].get<std::vector<int32_t>>();
  std::vector<int32_t> positions(ids.size() - 1);
  std::iota(positions.begin(), positions.end(), 1);
  const std::span<const int32_t> targets = std::span(ids).subspan(1);

  const auto engine = OpenNativeEngine({.student = {.path = kFolder + GetParam() + ".gguf"}});
  const OutputHead head = engine->head();
  const int64_t width = head.matrix->width();
  std::vector<float> hidden(positions.size() * static_cast<size_t>(width));
  engine->NewWorker()->Hidden(ids, positions, hidden.data());

  // What is left is the hidden states' rounding to float32.
  constexpr double kRounding = 2e-6;
  const FullHeadGradient full =
      ReferenceHeadGradient(*head.matrix, head.transform, hidden.data(), targets);
  EXPECT_NEAR(full.loss, golden["loss"].get<double>(), kRounding);
  const double weights = WorstOf(full.weights, golden["weights"], width);
  const double states = WorstOf(full.hidden, golden["hidden"], width);
  EXPECT_LT(weights, kRounding * golden["weight_norm"].get<double>());
  EXPECT_LT(states, kRounding * golden["hidden_norm"].get<double>());

  const HeadGradientOptions options{.transform = head.transform, .sketch_size = 128};
  const HeadGradient got = NewHeadGradients(*head.matrix, options)->Run(hidden.data(), targets);
  EXPECT_NEAR(got.weight_norm / golden["weight_norm"].get<double>(), 1, kRounding);
  EXPECT_NEAR(got.hidden_norm / golden["hidden_norm"].get<double>(), 1, kRounding);
  const HeadGradient want = Summarise(full, width, options);
  for (size_t i = 0; i < got.sketch.size(); ++i) {
    EXPECT_NEAR(got.sketch[i], want.sketch[i], kRounding * want.weight_norm) << i;
  }
  fmt::print("{}: entries within {:.1e} of the norm of either gradient\n", GetParam(),
             std::max(weights / want.weight_norm, states / want.hidden_norm));
}

INSTANTIATE_TEST_SUITE_P(All, HeadGradientTest,
                         testing::Values("llama", "mistral", "smollm2", "qwen2", "qwen3", "smollm3",
                                         "gemma2", "gemma3", "phi3", "olmo2", "granite"),
                         [](const testing::TestParamInfo<std::string>& info) {
                           return info.param;
                         });

}  // namespace
}  // namespace rsr
