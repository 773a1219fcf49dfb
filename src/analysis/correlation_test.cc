#include "analysis/correlation.h"

#include <gmock/gmock.h>

#include <cmath>

#include "analysis/student_t.h"

namespace rsr {
namespace {

using ::testing::ElementsAre;

TEST(Correlation, RanksShareTheirMean) {
  EXPECT_THAT(AverageRanks(std::vector<double>{3, 1, 3, 2, 3}), ElementsAre(4, 1, 4, 2, 4));
  EXPECT_THAT(AverageRanks(std::vector<double>{}), ElementsAre());
}

// By hand: x ranks 1.5 1.5 3 4, y ranks 1 2 3 4. Of 6 pairs one is tied in x, the others agree.
TEST(Correlation, TiesByHand) {
  const std::vector<double> x = {1, 1, 5, 9}, y = {10, 20, 30, 70};
  EXPECT_NEAR(Correlation(Coefficient::kSpearman, x, y), 4.5 / std::sqrt(4.5 * 5), 1e-15);
  EXPECT_NEAR(Correlation(Coefficient::kKendall, x, y), 5 / std::sqrt(5. * 6.), 1e-15);
  // Means 4 and 32.5: sum of products 350, of squares 44 and 2075.
  EXPECT_NEAR(Correlation(Coefficient::kPearson, x, y), 290 / std::sqrt(44. * 2075.), 1e-15);
}

TEST(Correlation, AConstantHasNone) {
  for (int c = 0; c < kCoefficients; ++c) {
    const auto coefficient = static_cast<Coefficient>(c);
    // 0.1 summed and divided is not 0.1 again: a constant must not be told by its deviation.
    EXPECT_TRUE(std::isnan(Correlation(coefficient, std::vector<double>(7, 0.1),
                                       std::vector<double>{1, 2, 3, 4, 5, 6, 7})));
    EXPECT_TRUE(std::isnan(
        Correlation(coefficient, std::vector<double>{1, 2, 3}, std::vector<double>(3, 0.1))));
    EXPECT_TRUE(std::isnan(Correlation(coefficient, {}, {})));
    EXPECT_DOUBLE_EQ(
        Correlation(coefficient, std::vector<double>{1, 2, 3}, std::vector<double>{-1, -2, -3}),
        -1);
  }
}

TEST(Correlation, ScaleDoesNotMatter) {
  const std::vector<double> x = {1, 2, 4, 3}, y = {1, 3, 2, 4};
  for (const double scale : {1e-150, 1e-100, 1., 1e140}) {
    std::vector<double> scaled = x, other = y;
    for (double& v : scaled) v *= scale;
    for (double& v : other) v *= scale;
    EXPECT_NEAR(Correlation(Coefficient::kPearson, scaled, other), 0.4, 1e-12) << scale;
  }
}

// Printed tables of Student's t.
TEST(StudentT, Quantiles) {
  EXPECT_NEAR(StudentTQuantile(0.975, 1), 12.7062047, 1e-6);
  EXPECT_NEAR(StudentTQuantile(0.975, 2), 4.30265273, 1e-7);
  EXPECT_NEAR(StudentTQuantile(0.975, 3), 3.18244631, 1e-7);
  EXPECT_NEAR(StudentTQuantile(0.975, 10), 2.22813885, 1e-7);
  EXPECT_NEAR(StudentTQuantile(0.025, 11), -2.20098516, 1e-7);
  EXPECT_NEAR(StudentTQuantile(0.95, 30), 1.69726089, 1e-7);
  EXPECT_NEAR(StudentTQuantile(0.975, 100000), 1.9599877, 1e-6);
  EXPECT_NEAR(StudentTCdf(0, 5), 0.5, 1e-15);
}

}  // namespace
}  // namespace rsr
