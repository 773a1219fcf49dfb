#include "base/stable_sum.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace rsr {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(StableSum, KeepsWhatAPlainSumLoses) {
  StableSum sum;
  for (const double x : {1.0, 1e100, 1.0, -1e100}) sum.Add(x);
  EXPECT_EQ(sum.value(), 2.0);
  StableSum tenths;
  for (int i = 0; i < 10'000'000; ++i) tenths.Add(0.1);
  EXPECT_EQ(tenths.value(), 1e6);
}

TEST(StableSum, StaysInfinite) {
  StableSum sum;
  for (const double x : {1.0, kInf, 2.0}) sum.Add(x);
  EXPECT_EQ(sum.value(), kInf);
}

// Expected values: numpy.quantile.
TEST(Quantile, InterpolatesAsNumpy) {
  const std::vector<double> v = {7, 1, 3, 10, 4.5};
  EXPECT_EQ(Quantile(v, 0), 1);
  EXPECT_EQ(Quantile(v, 0.5), 4.5);
  EXPECT_EQ(Quantile(v, 1), 10);
  EXPECT_DOUBLE_EQ(Quantile(v, 0.95), 9.4);
  EXPECT_DOUBLE_EQ(Quantile(v, 0.1), 1.8);
  EXPECT_EQ(Quantile(std::vector<double>{42}, 0.3), 42);
}

TEST(Quantile, EdgeValues) {
  EXPECT_TRUE(std::isnan(Quantile({}, 0.5)));
  EXPECT_TRUE(std::isnan(Quantile(std::vector<double>{1, std::nan(""), 2}, 0.5)));
  EXPECT_EQ(Quantile(std::vector<double>{kInf, kInf}, 0.5), kInf);
  EXPECT_EQ(Quantile(std::vector<double>{1, 2, kInf}, 0.5), 2);
}

}  // namespace
}  // namespace rsr
