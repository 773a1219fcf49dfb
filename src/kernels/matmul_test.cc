// Products against their twins: sizes through every remainder; bits that depend on the row alone.
#include "kernels/matmul.h"

#include <cstring>

#include "gmock/gmock.h"
#include "kernels/op_testing.h"

namespace rsr {
namespace {

struct Case {
  int64_t rows, columns, depth;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (int64_t rows = 1; rows <= 13; ++rows) cases.push_back({rows, 64, 16});
  for (int64_t columns = 1; columns <= 130; ++columns) cases.push_back({3, columns, 5});
  for (const int64_t depth : {1, 2, 63, 576, 767, 768, 769, 1537}) cases.push_back({7, 65, depth});
  for (const int64_t rows : {127, 128, 129, 257}) cases.push_back({rows, 70, 33});
  return cases;
}

PackedMatrix Packed(const std::vector<float>& weights, int64_t columns, int64_t depth) {
  PackedMatrix packed(columns, depth);
  const int64_t half = columns / 2;  // in two parts, as queries, keys and values are
  packed.Pack(half, columns - half, weights.data() + half * depth);
  packed.Pack(0, half, weights.data());
  return packed;
}

std::string Name(const Case& c) {
  return std::to_string(c.rows) + " rows, " + std::to_string(c.columns) + " columns, depth " +
         std::to_string(c.depth);
}

std::vector<float> PlainMatMul(const std::vector<float>& x, const std::vector<float>& weights,
                               const Case& c, const MatMulOptions& options, std::vector<float> y) {
  for (int64_t row = 0; row < c.rows; ++row) {
    for (int64_t column = 0; column < c.columns; ++column) {
      float sum = 0;
      for (int64_t k = 0; k < c.depth; ++k) {
        sum += x[row * c.depth + k] * weights[column * c.depth + k];
      }
      if (options.bias) sum += options.bias[column];
      float& out = y[row * c.columns + column];
      out = (options.add ? out : 0) + options.scale * sum;
    }
  }
  return y;
}

void Compare(const Case& c, const MatMulOptions& options) {
  const auto x = Gaussian(c.rows * c.depth, 1, 1), weights = Gaussian(c.columns * c.depth, 1, 2);
  const auto before = Gaussian(c.rows * c.columns, 1, 3);
  std::vector<double> want(before.begin(), before.end());
  ReferenceMatMul(x.data(), c.rows, weights.data(), c.columns, c.depth, want.data(), options);
  const auto plain = PlainMatMul(x, weights, c, options, before);
  ForEachLevel([&](const std::string&) {
    const PackedMatrix packed = Packed(weights, c.columns, c.depth);
    std::vector<float> got = before;
    MatMul(x.data(), c.rows, packed, got.data(), options);
    ExpectWithinTwicePlain(got, plain, want, Name(c));
  });
}

TEST(MatMul, SizesThroughEveryRemainder) {
  for (const Case& c : Cases()) {
    if (!testing::Test::HasFailure()) Compare(c, {});
  }
}

TEST(MatMul, Options) {
  const auto bias = Gaussian(130, 3, 4);
  for (const Case& c : {Case{5, 64, 40}, {130, 130, 800}}) {
    Compare(c, {.bias = bias.data()});
    Compare(c, {.scale = 0.22f});
    Compare(c, {.add = true});
    Compare(c, {.bias = bias.data(), .scale = 0.22f, .add = true});
  }
}

TEST(GatedMatMul, ActivationsAndBiases) {
  for (const Case& c : {Case{1, 9, 1}, {5, 64, 40}, {130, 130, 800}}) {
    // Gates of both signs and up to 60: the logistic function at 0, 1 and in between.
    const auto x = Gaussian(c.rows * c.depth, 1, 1);
    const auto gate = Gaussian(c.columns * c.depth, 20 / std::sqrt(float(c.depth)), 2);
    const auto up = Gaussian(c.columns * c.depth, 1, 3);
    const auto bias = Gaussian(2 * c.columns, 1, 4);
    for (const GatedOptions& options :
         {GatedOptions{},
          {Activation::kGeluTanh},
          {Activation::kSilu, bias.data(), bias.data() + c.columns}}) {
      std::vector<double> want(c.rows * c.columns);
      ReferenceGatedMatMul(x.data(), c.rows, gate.data(), up.data(), c.columns, c.depth,
                           want.data(), options);
      std::vector<float> zeros(c.rows * c.columns);
      auto plain = PlainMatMul(x, up, c, {.bias = options.up_bias}, zeros);
      const auto gated = PlainMatMul(x, gate, c, {.bias = options.gate_bias}, zeros);
      for (size_t i = 0; i < plain.size(); ++i) {
        const float g = gated[i];
        plain[i] *= options.activation == Activation::kSilu
                        ? g / (1 + std::exp(-g))
                        : 0.5f * g * (1 + std::tanh(0.797884561f * (g + 0.044715f * g * g * g)));
      }
      ForEachLevel([&](const std::string&) {
        std::vector<float> got(want.size());
        GatedMatMul(x.data(), c.rows, Packed(gate, c.columns, c.depth),
                    Packed(up, c.columns, c.depth), got.data(), options);
        ExpectWithinTwicePlain(got, plain, want, Name(c));
      });
    }
  }
}

TEST(MatMul, BitsDependOnTheRowAlone) {
  const Case c{300, 130, 900};
  const auto x = Gaussian(c.rows * c.depth, 1, 1), weights = Gaussian(c.columns * c.depth, 1, 2);
  ForEachLevel([&](const std::string&) {
    const PackedMatrix packed = Packed(weights, c.columns, c.depth);
    std::vector<float> all(c.rows * c.columns), h(c.rows * c.columns);
    MatMul(x.data(), c.rows, packed, all.data());
    GatedMatMul(x.data(), c.rows, packed, packed, h.data());
    for (int64_t rows = 1; rows < c.rows; rows += 7) {
      const int64_t first = rows * 37 % (c.rows - rows + 1);
      std::vector<float> some(rows * c.columns);
      const size_t bytes = some.size() * sizeof(float);
      MatMul(x.data() + first * c.depth, rows, packed, some.data());
      ASSERT_EQ(std::memcmp(some.data(), all.data() + first * c.columns, bytes), 0) << rows;
      GatedMatMul(x.data() + first * c.depth, rows, packed, packed, some.data());
      ASSERT_EQ(std::memcmp(some.data(), h.data() + first * c.columns, bytes), 0) << rows;
    }
  });
}

}  // namespace
}  // namespace rsr
