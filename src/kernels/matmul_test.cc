// Products against their twins: sizes through every remainder; bits that depend on the row alone.
#include "kernels/matmul.h"

#include <cstring>

#include "gmock/gmock.h"
#include "kernels/bf16.h"
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

constexpr WeightType kTypes[] = {WeightType::kF32, WeightType::kBf16};

PackedMatrix Packed(const std::vector<float>& weights, int64_t columns, int64_t depth,
                    WeightType type = WeightType::kF32) {
  PackedMatrix packed(columns, depth, type);
  const int64_t half = columns / 2;  // in two parts, as queries, keys and values are
  packed.Pack(half, columns - half, weights.data() + half * depth);
  packed.Pack(0, half, weights.data());
  return packed;
}

// What the products multiply.
std::vector<float> Rounded(std::vector<float> values, WeightType type) {
  if (type == WeightType::kF32) return values;
  for (float& x : values) x = FromBf16(ToBf16(x));
  return values;
}

std::string Name(const Case& c, WeightType type) {
  return (type == WeightType::kF32 ? "f32, " : "bf16, ") + std::to_string(c.rows) + " rows, " +
         std::to_string(c.columns) + " columns, depth " + std::to_string(c.depth);
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

void Compare(const Case& c, WeightType type, const MatMulOptions& options) {
  const auto x = Gaussian(c.rows * c.depth, 1, 1), weights = Gaussian(c.columns * c.depth, 1, 2);
  const auto before = Gaussian(c.rows * c.columns, 1, 3);
  std::vector<double> want(before.begin(), before.end());
  ReferenceMatMul(x.data(), c.rows, weights.data(), c.columns, c.depth, want.data(), options, type);
  const auto plain = PlainMatMul(Rounded(x, type), Rounded(weights, type), c, options, before);
  ForEachLevel([&](const std::string&) {
    const PackedMatrix packed = Packed(weights, c.columns, c.depth, type);
    std::vector<float> got = before;
    MatMul(x.data(), c.rows, packed, got.data(), options);
    ExpectWithinTwicePlain(got, plain, want, Name(c, type));
  });
}

TEST(MatMul, SizesThroughEveryRemainder) {
  for (const WeightType type : kTypes) {
    for (const Case& c : Cases()) {
      if (!testing::Test::HasFailure()) Compare(c, type, {});
    }
  }
}

TEST(MatMul, Options) {
  const auto bias = Gaussian(130, 3, 4);
  for (const WeightType type : kTypes) {
    for (const Case& c : {Case{5, 64, 40}, {130, 130, 800}}) {
      Compare(c, type, {.bias = bias.data()});
      Compare(c, type, {.scale = 0.22f});
      Compare(c, type, {.add = true});
      Compare(c, type, {.bias = bias.data(), .scale = 0.22f, .add = true});
    }
  }
}

void CompareGated(const Case& c, WeightType type, const GatedOptions& options) {
  // Gates of both signs and up to 60: the logistic function at 0, 1 and in between.
  const auto x = Gaussian(c.rows * c.depth, 1, 1);
  const auto gate = Gaussian(c.columns * c.depth, 20 / std::sqrt(float(c.depth)), 2);
  const auto up = Gaussian(c.columns * c.depth, 1, 3);
  std::vector<double> want(c.rows * c.columns);
  ReferenceGatedMatMul(x.data(), c.rows, gate.data(), up.data(), c.columns, c.depth, want.data(),
                       options, type);
  const std::vector<float> zeros(c.rows * c.columns), left = Rounded(x, type);
  auto plain = PlainMatMul(left, Rounded(up, type), c, {.bias = options.up_bias}, zeros);
  const auto gated = PlainMatMul(left, Rounded(gate, type), c, {.bias = options.gate_bias}, zeros);
  for (size_t i = 0; i < plain.size(); ++i) {
    const float g = gated[i];
    plain[i] *= options.activation == Activation::kSilu
                    ? g / (1 + std::exp(-g))
                    : 0.5f * g * (1 + std::tanh(0.797884561f * (g + 0.044715f * g * g * g)));
  }
  ForEachLevel([&](const std::string&) {
    std::vector<float> got(want.size());
    GatedMatMul(x.data(), c.rows, Packed(gate, c.columns, c.depth, type),
                Packed(up, c.columns, c.depth, type), got.data(), options);
    ExpectWithinTwicePlain(got, plain, want, Name(c, type));
  });
}

TEST(GatedMatMul, ActivationsAndBiases) {
  const auto bias = Gaussian(260, 1, 4);
  for (const WeightType type : kTypes) {
    for (const Case& c : {Case{1, 9, 1}, {5, 64, 40}, {130, 130, 800}}) {
      CompareGated(c, type, {});
      CompareGated(c, type, {Activation::kGeluTanh});
      CompareGated(c, type, {Activation::kSilu, bias.data(), bias.data() + c.columns});
    }
  }
}

// Whether the processor multiplies bf16 or not: the bits of the float32 product of the rounded
// factors.
TEST(MatMul, Bf16IsFloat32OfRoundedFactors) {
  RecordProperty("native", HasBf16Products());
  for (const Case& c : {Case{13, 130, 1537}, {128, 64, 576}}) {
    const auto x = Gaussian(c.rows * c.depth, 1, 1), weights = Gaussian(c.columns * c.depth, 1, 2);
    ForEachLevel([&](const std::string&) {
      std::vector<float> bf16(c.rows * c.columns), f32(bf16.size());
      MatMul(x.data(), c.rows, Packed(weights, c.columns, c.depth, WeightType::kBf16), bf16.data());
      MatMul(Rounded(x, WeightType::kBf16).data(), c.rows,
             Packed(Rounded(weights, WeightType::kBf16), c.columns, c.depth), f32.data());
      EXPECT_EQ(std::memcmp(bf16.data(), f32.data(), bf16.size() * sizeof(float)), 0);
    });
  }
}

// The vectors' rounding is ToBf16's: ties, what is smaller than 2^-126, and all between.
TEST(MatMul, RoundsAsToBf16) {
  constexpr int64_t kWidth = 67;
  std::vector<float> identity(kWidth * kWidth, 0.0f), x;
  for (int64_t i = 0; i < kWidth; ++i) identity[i * kWidth + i] = 1;
  std::mt19937 random(5);
  while (x.size() < 60 * kWidth) {
    constexpr uint32_t kEnds[] = {0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF};
    const auto bits = static_cast<uint32_t>(random());
    const uint32_t exponent = bits % 2 == 0 ? bits / 2 % 3 : 100 + bits / 2 % 40;
    x.push_back(std::bit_cast<float>((bits & 0x807F0000u) | exponent << 23 |
                                     kEnds[random() % std::size(kEnds)]));
  }
  const auto want = Rounded(x, WeightType::kBf16);
  ForEachLevel([&](const std::string&) {
    std::vector<float> got(x.size());
    MatMul(x.data(), 60, Packed(identity, kWidth, kWidth, WeightType::kBf16), got.data());
    for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(got[i], want[i]) << x[i];
  });
}

TEST(Bf16, Rounds) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(ToBf16(1.0f), 0x3F80);
  EXPECT_EQ(ToBf16(1.00390625f), 0x3F80);  // half way: to the even neighbour
  EXPECT_EQ(ToBf16(1.01171875f), 0x3F82);
  EXPECT_EQ(ToBf16(-1.00390637f), 0xBF81);
  EXPECT_EQ(ToBf16(3.4e38f), 0x7F80);  // overflows
  EXPECT_EQ(ToBf16(-kInfinity), 0xFF80);
  EXPECT_EQ(ToBf16(-1e-40f), 0);
  EXPECT_EQ(ToBf16(0x1p-126f), 0x0080);
  for (const uint32_t bits : {0x7F800001u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    EXPECT_TRUE(std::isnan(FromBf16(ToBf16(std::bit_cast<float>(bits)))));
  }
}

TEST(MatMul, BitsDependOnTheRowAlone) {
  const Case c{300, 130, 900};
  const auto x = Gaussian(c.rows * c.depth, 1, 1), weights = Gaussian(c.columns * c.depth, 1, 2);
  const auto test = [&](WeightType type) {
    const PackedMatrix packed = Packed(weights, c.columns, c.depth, type);
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
  };
  ForEachLevel([&](const std::string&) {
    for (const WeightType type : kTypes) test(type);
  });
}

}  // namespace
}  // namespace rsr
