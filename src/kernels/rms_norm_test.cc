#include "kernels/rms_norm.h"

#include "kernels/op_testing.h"

namespace rsr {
namespace {

TEST(RmsNorm, EveryWidthAndRowsOfAllSizes) {
  constexpr int64_t kRows = 4;
  for (int64_t width = 1; width <= 600; width += width < 70 ? 1 : 53) {
    auto x = Gaussian(kRows * width, 1, 1);
    for (int64_t i = 0; i < width; ++i) x[i] *= 1e-4f, x[width + i] *= 1e4f;
    const auto weight = Gaussian(width, 1, 2);
    std::vector<double> want(x.size());
    ReferenceRmsNorm(x.data(), kRows, width, weight.data(), 1e-6f, want.data());
    std::vector<float> plain(x.size());
    for (int64_t row = 0; row < kRows; ++row) {
      float squares = 0;
      for (int64_t i = 0; i < width; ++i) squares += x[row * width + i] * x[row * width + i];
      const float scale = 1 / std::sqrt(squares / float(width) + 1e-6f);
      for (int64_t i = 0; i < width; ++i) {
        plain[row * width + i] = x[row * width + i] * scale * weight[i];
      }
    }
    ForEachLevel([&](const std::string&) {
      std::vector<float> got = x;
      RmsNorm(got.data(), kRows, width, weight.data(), 1e-6f, got.data());
      ExpectWithinTwicePlain(got, plain, want, "width " + std::to_string(width));
      // Added to what is there.
      std::vector<float> sum(x.size(), 0.5f);
      RmsNorm(x.data(), kRows, width, weight.data(), 1e-6f, sum.data(), /*add=*/true);
      for (size_t i = 0; i < sum.size(); ++i) EXPECT_EQ(sum[i], 0.5f + got[i]) << width;
    });
  }
}

}  // namespace
}  // namespace rsr
