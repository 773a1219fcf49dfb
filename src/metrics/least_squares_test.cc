#include "metrics/least_squares.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rsr {
namespace {

TEST(LeastSquares, FindsTheCoefficientsOfAnExactCombination) {
  const std::vector<std::vector<double>> x = {
      {1, 2, 3, 4, 7}, {0.5, -1, 4, 2, 2}, {1e-3, 2e-3, -1e-3, 0, 5e-3}};
  std::vector<double> y;
  for (size_t i = 0; i < 5; ++i) y.push_back(4 + 2 * x[0][i] - 3 * x[1][i] + 50 * x[2][i]);
  const auto fit = LeastSquares(x, y);
  ASSERT_TRUE(fit);
  EXPECT_NEAR((*fit)[0], 2, 1e-11);
  EXPECT_NEAR((*fit)[1], -3, 1e-11);
  EXPECT_NEAR((*fit)[2], 50, 1e-8);
}

// numpy.linalg.lstsq([[1, 1], [1, 2], [1, 3], [1, 4]], [1, 3, 2, 5])[0][1] is 1.1.
TEST(LeastSquares, MinimisesTheSquares) {
  const auto fit = LeastSquares({{1, 2, 3, 4}}, {1, 3, 2, 5});
  ASSERT_TRUE(fit);
  EXPECT_NEAR((*fit)[0], 1.1, 1e-14);
}

// By hand: y = 3 + 2 a - b at three points, and slopes of regressors that are small, or vary
// little.
TEST(LeastSquares, SmallAndExactlyDeterminedOnesCount) {
  const auto exact = LeastSquares({{1, 2, 4}, {1, 0, 1}}, {4, 7, 10});
  ASSERT_TRUE(exact);
  EXPECT_NEAR((*exact)[0], 2, 1e-13);
  EXPECT_NEAR((*exact)[1], -1, 1e-13);
  const auto tiny = LeastSquares({{1e-12, 2e-12, 3e-12, 4e-12}}, {1, 3, 2, 5});
  ASSERT_TRUE(tiny);
  EXPECT_NEAR((*tiny)[0], 1.1e12, 1);
  const auto far = LeastSquares({{1e6 + 1, 1e6 + 2, 1e6 + 3, 1e6 + 4}}, {1, 3, 2, 5});
  ASSERT_TRUE(far);
  EXPECT_NEAR((*far)[0], 1.1, 1e-12);
}

TEST(LeastSquares, SaysWhatIsNotDetermined) {
  EXPECT_FALSE(LeastSquares({{1, 2}, {3, 5}}, {1, 2}));                 // too few
  EXPECT_FALSE(LeastSquares({{0.1, 0.1, 0.1}}, {1, 2, 3}));             // constant
  EXPECT_FALSE(LeastSquares({{1, 2, 4}, {0.3, 0.6, 1.2}}, {1, 2, 3}));  // parallel
  EXPECT_FALSE(LeastSquares({{1, 2, std::nan("")}}, {1, 2, 3}));
  EXPECT_FALSE(LeastSquares({{1, 2, 3}}, {1, 2, std::numeric_limits<double>::infinity()}));
  EXPECT_FALSE(LeastSquares({{}}, {}));
}

}  // namespace
}  // namespace rsr
