// Loops by vectors against plain loops, and the same bits from every instruction set.
#include "metrics/vector_loops.h"

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
  return {SumMarked(t.s.data(), t.kind.data(), 2, true, n),
          SumMarked(t.s.data(), t.kind.data(), 2, false, n),
          SumRatios(t.s.data(), t.r.data(), n),
          SumRatiosFrom(0.8F, t.s.data(), t.r.data(), n),
          SumProducts(t.s.data(), t.r.data(), 100, n),
          SumClipped(t.r.data(), 50, n),
          SumBrier(t.s.data(), t.q.data(), n),
          SumSeqLss4(t.s.data(), t.m.data(), n),
          static_cast<double>(CountEqual(t.kind.data(), 1, n)),
          static_cast<double>(CountMarked(t.kind.data(), 2, n)),
          static_cast<double>(CountFrom(0.8F, t.s.data(), n))};
}

std::vector<double> PlainSums(const Tokens& t) {
  std::vector<double> sums(11);
  for (size_t k = 0; k < t.s.size(); ++k) {
    const double s = t.s[k];
    sums[0] += t.kind[k] & 2 ? s : 0;
    sums[1] += t.kind[k] & 2 ? 0 : s;
    sums[2] += t.r[k] / s;
    sums[3] += t.s[k] >= 0.8F ? t.r[k] / s : 0;
    sums[4] += s * std::min(t.r[k], 100);
    sums[5] += std::min(t.r[k], 50);
    sums[6] += 1 - 2 * std::exp(-s) + t.q[k];
    sums[7] += s * std::pow(1.0 - t.m[k], 4);
    sums[8] += t.kind[k] == 1;
    sums[9] += (t.kind[k] & 2) != 0;
    sums[10] += t.s[k] >= 0.8F;
  }
  return sums;
}

TEST(VectorLoops, EqualPlainLoopsAtEveryLengthAndLevel) {
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

TEST(VectorLoops, IntegersEqualPlainLoopsAtEveryLengthAndLevel) {
  std::mt19937_64 random(5);
  for (size_t n = 1; n < 300; n = n < 70 ? n + 1 : n * 3 / 2) {
    std::vector<uint8_t> a(n), b(n), met(n), expected_met(n);
    std::vector<int32_t> ids(n), position(n);
    const size_t gap = random() % (2 * n);
    for (size_t k = 0; k < n; ++k) {
      a[k] = static_cast<uint8_t>(random() & 31);
      b[k] = static_cast<uint8_t>(random() & 31);
      ids[k] = static_cast<int32_t>(random() % 150000);
      position[k] = static_cast<int32_t>(k) + (k >= gap ? 7 : 0);
      const auto both = [&](size_t i) { return static_cast<uint8_t>(a[i] & b[i]); };
      const bool marked = ((both(k) | (k > 0 ? both(k - 1) : 0)) & 6) != 0;
      expected_met[k] = static_cast<uint8_t>(both(k) | (marked ? 64 : 0));
    }
    std::vector<uint32_t> best;
    for (const int64_t level : hwy::SupportedAndGeneratedTargets()) {
      hwy::GetChosenTarget().Update(level);
      MeetMarks(a.data(), b.data(), 6, 64, n, met.data());
      EXPECT_EQ(met, expected_met) << n << " tokens, " << hwy::TargetName(level);
      EXPECT_EQ(CountConsecutive(position.data(), n), gap > 0 && gap < n ? gap : n);
      std::vector<uint32_t> hashes(n);
      HashGrams(ids.data(), n, hashes.data());
      if (best.empty()) best = hashes;
      EXPECT_EQ(hashes, best) << n << " tokens, " << hwy::TargetName(level);
    }
    if (n < 8) continue;
    // Each of the 8 ids counts, also in the low bits.
    for (size_t k = n - 8; k < n; ++k) {
      std::vector<int32_t> other = ids;
      other[k] ^= 1 << 16;
      std::vector<uint32_t> hashes(n);
      HashGrams(other.data(), n, hashes.data());
      EXPECT_NE(hashes[n - 1] & 0xFFFF, best[n - 1] & 0xFFFF);
    }
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// 1 - 2 e^-s + q with q = 0 shows the error of the exponential, twice.
TEST(VectorLoops, ExponentialIsWithinItsBound) {
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

TEST(VectorLoops, ACertainTokenMakesTheRatioInfinite) {
  const std::vector<float> s = {1, 2, 0};
  const std::vector<int32_t> r = {1, 3, 1};
  EXPECT_EQ(SumRatios(s.data(), r.data(), 3), std::numeric_limits<double>::infinity());
  EXPECT_EQ(SumRatios(s.data(), r.data(), 2), 2.5);
}

}  // namespace
}  // namespace rsr
