// The sums by vectors against plain loops, and the same bits from every instruction set.
#include "metrics/token_sums.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace rsr {
namespace {

struct Tokens {
  explicit Tokens(size_t n) {
    std::mt19937_64 random(n + 1);
    std::exponential_distribution<float> surprisal(0.7F);
    std::uniform_real_distribution<float> probability(0, 1);
    for (size_t k = 0; k < n; ++k) {
      s.push_back(k % 7 == 3 ? 1e-6F : surprisal(random));
      r.push_back(s[k] < 0.5F ? 1 : static_cast<int32_t>(std::exp(std::min(s[k], 10.0F))));
      m.push_back(probability(random));
      q.push_back(probability(random));
      kind.push_back(static_cast<uint8_t>(random() % 4));
    }
  }
  std::vector<float> s, m, q;
  std::vector<int32_t> r;
  std::vector<uint8_t> kind;
};

std::vector<double> AllSums(const Tokens& t) {
  const size_t n = t.s.size();
  return {SumOf(t.s.data(), n),
          SumRatios(t.s.data(), t.r.data(), n),
          SumRatiosFrom(0.8F, t.s.data(), t.r.data(), n),
          SumProducts(t.s.data(), t.r.data(), 100, n),
          SumClipped(t.r.data(), 50, n),
          SumBrier(t.s.data(), t.q.data(), n),
          SumSeqLss4(t.s.data(), t.m.data(), n),
          static_cast<double>(CountEqual(t.kind.data(), 1, n))};
}

std::vector<double> PlainSums(const Tokens& t) {
  std::vector<double> sums(8);
  for (size_t k = 0; k < t.s.size(); ++k) {
    const double s = t.s[k];
    sums[0] += s;
    sums[1] += t.r[k] / s;
    sums[2] += t.s[k] >= 0.8F ? t.r[k] / s : 0;
    sums[3] += s * std::min(t.r[k], 100);
    sums[4] += std::min(t.r[k], 50);
    sums[5] += 1 - 2 * std::exp(-s) + t.q[k];
    sums[6] += s * std::pow(1.0 - t.m[k], 4);
    sums[7] += t.kind[k] == 1;
  }
  return sums;
}

TEST(TokenSums, EqualPlainLoopsAtEveryLengthAndLevel) {
  const std::vector<int64_t> levels = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(levels.empty());
  for (size_t n = 0; n < 300; n = n < 70 ? n + 1 : n * 3 / 2) {
    const Tokens tokens(n);
    const std::vector<double> plain = PlainSums(tokens);
    std::vector<double> best;
    for (const int64_t level : levels) {
      hwy::GetChosenTarget().Update(level);
      const std::vector<double> sums = AllSums(tokens);
      if (best.empty()) best = sums;
      EXPECT_EQ(sums, best) << n << " tokens, " << hwy::TargetName(level);
    }
    for (size_t i = 0; i < plain.size(); ++i)
      EXPECT_NEAR(best[i], plain[i], 1e-13 * std::abs(plain[i])) << n << " tokens, sum " << i;
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// 1 - 2 e^-s + q with q = 0 shows the error of the exponential, twice.
TEST(TokenSums, ExponentialIsWithinItsBound) {
  const float zero = 0;
  double worst = 0;
  for (float s = 0; s < 800; s += 0.0001F + s / 512) {
    const double found = SumBrier(&s, &zero, 1);
    worst = std::max(worst, std::abs(found - (1 - 2 * std::exp(-static_cast<double>(s)))));
  }
  EXPECT_LT(worst, 2e-14);
  EXPECT_GT(worst, 0);
  for (const float s : {1e9F, std::numeric_limits<float>::infinity()})
    EXPECT_EQ(SumBrier(&s, &zero, 1), 1);
}

TEST(TokenSums, ACertainTokenMakesTheRatioInfinite) {
  const std::vector<float> s = {1, 2, 0};
  const std::vector<int32_t> r = {1, 3, 1};
  EXPECT_EQ(SumRatios(s.data(), r.data(), 3), std::numeric_limits<double>::infinity());
  EXPECT_EQ(SumRatios(s.data(), r.data(), 2), 2.5);
}

}  // namespace
}  // namespace rsr
