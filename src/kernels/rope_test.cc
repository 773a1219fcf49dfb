#include "kernels/rope.h"

#include "kernels/op_testing.h"

namespace rsr {
namespace {

TEST(Rope, EveryWidthAndPositionsFarOut) {
  constexpr int64_t kHeads = 3;
  for (const int64_t width : {2, 4, 6, 30, 32, 34, 64, 80, 128}) {
    const int64_t head_width = width + (width % 4 == 0 ? 0 : 5);  // some values stay as they are
    const std::vector<float> frequencies = RopeFrequencies(width, 1e4f, {});
    EXPECT_EQ(frequencies[0], 1);
    RopeTable table(frequencies);
    table.Extend(100);
    table.Extend(32769);
    for (const int64_t position : {0, 1, 99, 100, 32768}) {
      const auto row = Gaussian(kHeads * head_width, 1, 1);
      std::vector<double> want(row.begin(), row.end());
      ReferenceApplyRope(frequencies, position, kHeads, head_width, want.data());
      std::vector<float> plain = row;
      for (int64_t head = 0; head < kHeads; ++head) {
        for (int64_t i = 0; i < width / 2; ++i) {
          float &x = plain[head * head_width + i], &y = (&x)[width / 2];
          const float angle = float(position) * frequencies[i];
          const float c = std::cos(angle), s = std::sin(angle), before = x;
          x = x * c - y * s, y = y * c + before * s;
        }
      }
      ForEachLevel([&](const std::string &) {
        std::vector<float> got = row;
        ApplyRope(table, position, kHeads, head_width, got.data());
        ExpectWithinTwicePlain(
            got, plain, want, "width " + std::to_string(width) + " at " + std::to_string(position));
      });
    }
  }
}

TEST(Rope, FactorsDivideFrequencies) {
  const std::vector<float> factors = {1, 8};
  const auto plain = RopeFrequencies(4, 100, {}), divided = RopeFrequencies(4, 100, factors);
  EXPECT_EQ(plain, (std::vector<float>{1, 0.1f}));
  EXPECT_EQ(divided, (std::vector<float>{1, 0.1f / 8}));
}

}  // namespace
}  // namespace rsr
