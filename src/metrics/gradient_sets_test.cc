#include "metrics/gradient_sets.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "metrics/scored_rows.h"
#include "metrics/test_run.h"

namespace rsr {
namespace {

using ::testing::ElementsAre;

struct Owned {
  std::vector<std::vector<float>> values;
  GradientSet set;
};

Owned SetOf(std::vector<std::vector<float>> values, std::vector<size_t> problem, size_t problems) {
  Owned owned{std::move(values), {.problem = std::move(problem), .problems = problems}};
  for (const auto& gradient : owned.values) owned.set.projections.push_back(&gradient);
  return owned;
}

std::vector<std::vector<float>> Six() {
  std::vector<std::vector<float>> values(6, std::vector<float>(8));
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 8; ++j) {
      values[i][j] = static_cast<float>((i * 7 + j * 3 + i * i * j) % 11 - 5) / 4;
    }
  }
  return values;
}

TEST(GradientSets, GraceIsTheMeanOverSplits) {
  // By numpy 2.4.6, as https://github.com/abhishekpanigrahi1996/GRACE has it: the first problem for
  // training and the second for the test, and the other way round.
  const double first = 32952.505350099105, second = 24996.52323356299;
  const Owned six = SetOf(Six(), {0, 0, 0, 1, 1, 1}, 2);
  const double grace = Grace(six.set);
  const double splits = (grace - second) / (first - second) * 10;  // with the first for training
  EXPECT_NEAR(splits, std::round(splits), 1e-6);
  EXPECT_GT(splits, 0.5);
  EXPECT_LT(splits, 9.5);
  EXPECT_EQ(grace, Grace(six.set));
}

// Gradients of one direction make every kernel the same, and GRACE the mean of the test's squared
// norms. With one long gradient that is the number of splits which test its problem, over the
// number of problems tested: a tenth, rounded down.
std::vector<long> SplitsThatTest(size_t problems, int tested) {
  std::vector<long> splits;
  for (size_t which = 0; which < problems; ++which) {
    std::vector<std::vector<float>> values(problems, {0.001F, 0});
    values[which] = {1, 0};
    std::vector<size_t> problem(problems);
    std::iota(problem.begin(), problem.end(), 0);
    const double kernel = 0.999 + 0.001 / 2;  // in that direction
    const double tests = Grace(SetOf(values, problem, problems).set) * kernel * 10 * tested;
    splits.push_back(std::lround(tests));
    EXPECT_NEAR(tests, static_cast<double>(splits.back()), 1e-3) << problems;
  }
  return splits;
}

// Computed by a Mersenne Twister and a shuffle of its own in Python: the same on every platform.
TEST(GradientSets, GraceTestsATenthOfTheProblems) {
  EXPECT_THAT(SplitsThatTest(5, 1), ElementsAre(2, 6, 1, 0, 1));
  EXPECT_THAT(SplitsThatTest(19, 1),
              ElementsAre(0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 3, 0));
  EXPECT_THAT(SplitsThatTest(20, 2),
              ElementsAre(1, 1, 1, 0, 1, 1, 2, 3, 0, 1, 2, 0, 2, 0, 1, 2, 0, 0, 1, 1));
}

TEST(GradientSets, GraceNeedsTwoProblemsAndAGradient) {
  EXPECT_TRUE(std::isnan(Grace(SetOf(Six(), {0, 0, 0, 0, 0, 0}, 1).set)));
  EXPECT_TRUE(std::isnan(Grace(SetOf({{0, 0}, {0, 0}}, {0, 1}, 2).set)));
  EXPECT_TRUE(std::isnan(Grace(SetOf({{}, {}}, {0, 1}, 2).set)));
}

TEST(GradientSets, GvendiCountsDirections) {
  EXPECT_NEAR(Gvendi(SetOf(Six(), {0, 0, 0, 1, 1, 1}, 2).set), 3.765716739994712,
              1e-9);      // by numpy 2.4.6
  auto repeated = Six();  // more gradients than dimensions: the other kernel
  for (int i = 0; i < 12; ++i) repeated.push_back(repeated[i]);
  EXPECT_NEAR(Gvendi(SetOf(repeated, std::vector<size_t>(18), 1).set), 3.765716739994712, 1e-9);
  EXPECT_NEAR(Gvendi(SetOf({{2, 0, 0}, {0, 5, 0}, {0, 0, 1}}, {0, 0, 0}, 1).set), 3, 1e-12);
  EXPECT_NEAR(Gvendi(SetOf({{2, 1}, {4, 2}, {0, 0}}, {0, 0, 0}, 1).set), 1, 1e-12);
  EXPECT_TRUE(std::isnan(Gvendi(SetOf({{0, 0}}, {0}, 1).set)));
}

TEST(GradientSets, AreOfGroupsAlone) {
  const Error error = test::ErrorOf([] { FindRankingMetric("grace_head"); });
  EXPECT_EQ(error.message(),
            "metric 'grace_head' is one of groups: no trajectory has a value of its own");
}

}  // namespace
}  // namespace rsr
