// The fast head gradients against their slow twin, the twin against finite differences of the loss,
// and the sketch against what its header promises.
#include "kernels/head_gradient.h"

#include <numeric>

#include "base/memory.h"
#include "gmock/gmock.h"
#include "kernels/gradient_sketch.h"
#include "kernels/kernel_testing.h"
#include "rsr/error.h"

namespace rsr {
namespace {

struct Case {
  int64_t vocab, width, rows;
  LogitTransform transform = {};
};

double Dot(const auto& a, const auto& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void ExpectSame(const Case& c, double tolerance, bool resident) {
  const TestMatrix matrix(c.vocab, c.width, Gaussian(c.vocab * c.width, 1, 1), resident);
  // Logits of deviation 2: some tokens are likely, most are not.
  const std::vector<float> hidden =
      Gaussian(c.rows * c.width, 2 / std::sqrt(static_cast<float>(c.width)), 2);
  const std::vector<int32_t> targets = Targets(c.rows, c.vocab, 3);
  const HeadGradientOptions options{.transform = c.transform, .sketch_size = 64, .seed = 4};
  const HeadGradient want = Summarise(
      ReferenceHeadGradient(matrix, c.transform, hidden.data(), targets), c.width, options);
  ForEachLevel([&](const std::string&) {
    SCOPED_TRACE(testing::Message()
                 << "vocab " << c.vocab << " width " << c.width << " rows " << c.rows);
    const HeadGradient got = NewHeadGradients(matrix, options)->Run(hidden.data(), targets);
    EXPECT_NEAR(got.weight_norm, want.weight_norm, tolerance * want.weight_norm);
    EXPECT_NEAR(got.hidden_norm, want.hidden_norm, tolerance * want.hidden_norm);
    ASSERT_EQ(got.sketch.size(), want.sketch.size());
    for (size_t i = 0; i < got.sketch.size(); ++i) {
      EXPECT_NEAR(got.sketch[i], want.sketch[i], tolerance * want.weight_norm) << i;
    }
  });
}

TEST(HeadGradient, SizesThroughEveryRemainder) {
  for (const int64_t vocab : {1, 127, 128, 129, 300}) {
    for (const int64_t width : {1, 3, 64, 65, 130}) ExpectSame({vocab, width, 5}, 2e-5, vocab % 2);
  }
  for (const int64_t rows : {1, 2, 63, 64, 65, 130, 300}) ExpectSame({257, 70, rows}, 2e-5, true);
  ExpectSame({130, 1000, 3}, 2e-5, true);
}

TEST(HeadGradient, Transforms) {
  const std::vector<float> bias = Gaussian(300, 1, 5);
  ExpectSame({300, 64, 70, {.scale = 0.25f}}, 2e-5, true);
  ExpectSame({300, 64, 70, {.bias = bias.data()}}, 2e-5, false);
  ExpectSame({300, 64, 70, {.soft_cap = 3}}, 2e-5, true);
  ExpectSame({300, 64, 70, {.scale = 2, .soft_cap = 4, .bias = bias.data()}}, 2e-5, true);
}

TEST(HeadGradient, AnObjectForgetsItsLastCall) {
  const TestMatrix matrix(200, 48, Gaussian(200 * 48, 1, 6));
  const auto gradients = NewHeadGradients(matrix);
  const std::vector<float> hidden = Gaussian(200 * 48, 0.3f, 7);
  const std::vector<int32_t> targets = Targets(200, 200, 8);
  for (const size_t rows : {3, 200, 64, 2, 0, 150}) {
    const std::span<const int32_t> some = std::span(targets).first(rows);
    const HeadGradient got = gradients->Run(hidden.data(), some);
    const HeadGradient want = NewHeadGradients(matrix)->Run(hidden.data(), some);
    EXPECT_EQ(got.weight_norm, want.weight_norm) << rows;
    EXPECT_EQ(got.hidden_norm, want.hidden_norm) << rows;
    EXPECT_EQ(got.sketch, want.sketch) << rows;
  }
}

// A target of probability 1 - 1e-20: p - 1 is not 0.
TEST(HeadGradient, CertainTokensKeepTheirGradient) {
  const TestMatrix matrix(3, 1, {46, 0, -1});
  const std::vector<float> hidden = {1};
  const std::vector<int32_t> targets = {0};
  const double rest = std::exp(-46.0), less = std::exp(-47.0);
  const HeadGradient got = NewHeadGradients(matrix)->Run(hidden.data(), targets);
  EXPECT_NEAR(
      got.weight_norm / std::sqrt((rest + less) * (rest + less) + rest * rest + less * less), 1,
      1e-5);
}

// (L(W + e) - L(W - e)) / 2e for entries of W, and the same for h; everything that transforms
// logits is on.
TEST(HeadGradient, ReferenceIsTheDerivativeOfTheLoss) {
  const int64_t vocab = 20, width = 6, rows = 4;
  const std::vector<float> bias = Gaussian(vocab, 0.5f, 9);
  const LogitTransform transform{.scale = 1.5f, .soft_cap = 4, .bias = bias.data()};
  TestMatrix matrix(vocab, width, Gaussian(vocab * width, 1, 10));
  std::vector<float> hidden = Gaussian(rows * width, 0.7f, 11);
  const std::vector<int32_t> targets = {3, 3, 19, 0};
  const auto at = [&] { return ReferenceHeadGradient(matrix, transform, hidden.data(), targets); };
  const FullHeadGradient gradient = at();
  const auto derivative = [&](float& value) {
    const float before = value, step = 0x1p-9f;
    value = before + step;
    const double up = at().loss, moved_up = value;
    value = before - step;
    const double down = at().loss, moved_down = value;
    value = before;
    return (up - down) / (moved_up - moved_down);
  };
  for (int64_t i = 0; i < vocab * width; ++i) {
    EXPECT_NEAR(gradient.weights[i], derivative(matrix.data()[i]), 1e-5) << i;
  }
  for (int64_t i = 0; i < rows * width; ++i) {
    EXPECT_NEAR(gradient.hidden[i] / rows, derivative(hidden[i]), 1e-5) << i;  // of the mean
  }
  const auto stats = RunSweep(*NewReferenceVocabSweep(matrix, transform), hidden, targets);
  double loss = 0;
  for (const TokenStats& s : stats) loss += s.surprisal / rows;
  EXPECT_NEAR(gradient.loss, loss, 1e-6);
}

// Over seeds: the mean within 4 standard errors, the variance that of the header's formula.
TEST(GradientSketch, KeepsInnerProducts) {
  const int64_t rows = 30, width = 50, size = 64, seeds = 4000;
  std::vector<float> a = Gaussian(rows * width, 1, 12), b = Gaussian(rows * width, 1, 13);
  for (int64_t i = 0; i < rows * width; ++i) b[i] += a[i];
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) squares += double{a[i]} * a[i] * b[i] * b[i];
  const double product = Dot(a, b);
  const double variance = (Dot(a, a) * Dot(b, b) + product * product - 2 * squares) / size;
  double sum = 0, sum_squares = 0;
  for (int64_t seed = 0; seed < seeds; ++seed) {
    GradientSketch left(size, seed), right(size, seed);
    for (int64_t row = 0; row < rows; ++row) {
      left.Add(row, 0, a.data() + row * width, width);
      right.Add(row, 0, b.data() + row * width, 20);  // in two parts: the same
      right.Add(row, 20, b.data() + row * width + 20, width - 20);
    }
    const double error = Dot(left.sums(), right.sums()) - product;
    sum += error;
    sum_squares += error * error;
  }
  EXPECT_NEAR(sum / seeds, 0, 4 * std::sqrt(variance / seeds));
  EXPECT_NEAR(sum_squares / seeds / variance, 1, 0.1);
}

TEST(HeadGradient, TakesTheMemoryItSays) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps memory of its own";
#endif
  const int64_t vocab = 130, width = 300, rows = 20'000;
  const TestMatrix matrix(vocab, width, Gaussian(vocab * width, 1, 14));
  const std::vector<float> hidden = Gaussian(rows * width, 0.1f, 15);
  const std::vector<int32_t> targets = Targets(rows, vocab, 16);
  NewHeadGradients(matrix)->Run(hidden.data(), {targets.data(), 1});  // what the first run loads
  const int64_t before = RssBytes();
  const auto gradients = NewHeadGradients(matrix);
  gradients->Run(hidden.data(), targets);
  const auto taken = static_cast<double>(RssBytes() - before);
  const auto said = static_cast<double>(HeadGradientBytes(width, rows, 512));
  EXPECT_LT(taken, said + 1e6);
  EXPECT_GT(taken, 0.9 * said - 1e6);
}

TEST(HeadGradient, RefusesOtherSketchSizes) {
  const TestMatrix matrix(3, 1, {1, 2, 3});
  for (const int64_t size : {-1, 0, 2, 100, 65536}) {
    EXPECT_THROW(NewHeadGradients(matrix, {.sketch_size = size}), Error) << size;
  }
}

}  // namespace
}  // namespace rsr
