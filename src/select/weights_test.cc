#include "select/weights.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace rsr {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

// Candidates of one problem with these values, best first; weights of the first `taken`.
std::vector<double> Weights(const std::vector<double>& values, size_t taken, Better better) {
  Candidates candidates;
  for (size_t i = 0; i < values.size(); ++i) {
    candidates.rows.push_back({.index = i,
                               .value = values[i],
                               .rank = static_cast<int64_t>(i) + 1,
                               .candidates = static_cast<int64_t>(values.size())});
  }
  std::vector<Candidate> picks(candidates.rows.begin(),
                               candidates.rows.begin() + static_cast<ptrdiff_t>(taken));
  SetChi2Weights(picks, candidates, better);
  std::vector<double> weights;
  for (const Candidate& pick : picks) weights.push_back(pick.weight.value());
  return weights;
}

auto Is(double value) { return DoubleNear(value, 1e-7); }

// By hand from w_k = (e_k - t) / (B (mean e - t)).
TEST(Chi2Weights, ByHand) {
  const std::vector<double> high = {5, 3, 2, 1};
  EXPECT_THAT(Weights(high, 1, Better::kHigh), ElementsAre(Is(1)));
  // t = 2, mean 4: 3 / (2 * 2), 1 / (2 * 2)
  EXPECT_THAT(Weights(high, 2, Better::kHigh), ElementsAre(Is(0.75), Is(0.25)));
  // t = 1, mean 10/3: 4 / 7, 2 / 7, 1 / 7
  EXPECT_THAT(Weights(high, 3, Better::kHigh), ElementsAre(Is(4. / 7), Is(2. / 7), Is(1. / 7)));
  // No candidate below: t is a hair below 1.
  EXPECT_THAT(Weights(high, 4, Better::kHigh),
              ElementsAre(Is(4. / 7), Is(2. / 7), Is(1. / 7), Is(0)));
  // Where low is better e is the value with its sign changed: the same distances, the same weights.
  EXPECT_THAT(Weights({1, 3, 4, 5}, 2, Better::kLow), ElementsAre(Is(0.75), Is(0.25)));
}

TEST(Chi2Weights, WhatHasNoDistance) {
  EXPECT_THAT(Weights({2, 2, 2}, 2, Better::kHigh), ElementsAre(Is(0.5), Is(0.5)));
  EXPECT_THAT(Weights({2, 2}, 2, Better::kLow), ElementsAre(Is(0.5), Is(0.5)));
  EXPECT_THAT(Weights({7}, 1, Better::kLow), ElementsAre(Is(1)));
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_THAT(Weights({1, inf}, 2, Better::kLow), ElementsAre(Is(1), Is(0)));
  EXPECT_THAT(Weights({1, 3, inf}, 2, Better::kLow), ElementsAre(Is(1), Is(0)));
  EXPECT_THAT(Weights({inf, inf}, 2, Better::kLow), ElementsAre(Is(0.5), Is(0.5)));
}

TEST(Chi2Weights, SmallDistancesCountInFull) {
  EXPECT_THAT(Weights({1.0003, 1.0001, 1}, 2, Better::kHigh),
              ElementsAre(DoubleNear(0.75, 1e-9), DoubleNear(0.25, 1e-9)));
}

TEST(Chi2Weights, EachProblemByItself) {
  Candidates candidates;
  const double values[] = {1, 2, 3, 4, 5, 6};
  for (size_t i = 0; i < 6; ++i) {
    candidates.rows.push_back({.index = i,
                               .value = values[i],
                               .problem = i % 2,
                               .rank = static_cast<int64_t>(i / 2) + 1});
  }
  std::vector<Candidate> picks(candidates.rows.begin(), candidates.rows.begin() + 4);
  SetChi2Weights(picks, candidates, Better::kLow);
  // Of both problems the distances are 4, 2 from the third.
  for (const Candidate& pick : picks)
    EXPECT_NEAR(pick.weight.value(), pick.rank == 1 ? 2. / 3 : 1. / 3, 1e-12);
}

}  // namespace
}  // namespace rsr
