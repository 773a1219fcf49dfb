// What the tests of the kernels share: matrices, tolerances in ulp, every instruction set level.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_level.h"
#include "kernels/vocab_sweep.h"

namespace rsr {

// An output matrix in memory; `in_place` false hands its rows out as copies only, as a dequantising
// matrix does.
class TestMatrix : public OutputMatrix {
 public:
  TestMatrix(int64_t vocab, int64_t width, std::vector<float> data, bool in_place = true)
      : vocab_(vocab), width_(width), data_(std::move(data)), in_place_(in_place) {}
  int64_t vocab() const override { return vocab_; }
  int64_t width() const override { return width_; }
  const float* resident() const override { return in_place_ ? data_.data() : nullptr; }
  void ReadRows(int64_t first, int64_t count, float* out) const override {
    std::copy_n(data_.begin() + first * width_, count * width_, out);
  }
  std::vector<float>& data() { return data_; }

 private:
  const int64_t vocab_, width_;
  std::vector<float> data_;
  const bool in_place_;
};

// Whole multiples of 1 / 32 in [-4, 4]: with HiddenGrid() every product and sum up to width 4096 is
// exact in float32, so that the reference sees the very same logits; many of them tie.
inline std::vector<float> WeightGrid(int64_t count, int seed) {
  std::minstd_rand engine(seed);
  std::vector<float> values(count);
  for (float& x : values) x = static_cast<float>(static_cast<int>(engine() % 257) - 128) / 32;
  return values;
}

inline std::vector<float> HiddenGrid(int64_t count, int seed) {
  std::minstd_rand engine(seed);
  std::vector<float> values(count);
  for (float& x : values) x = static_cast<float>(static_cast<int>(engine() % 5) - 2) / 8;
  return values;
}

inline std::vector<float> Gaussian(int64_t count, float deviation, int seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;  // its deviation must not be 0
  std::vector<float> values(count);
  for (float& x : values) x = deviation * normal(engine);
  return values;
}

inline std::vector<int32_t> Targets(int64_t rows, int64_t vocab, int seed) {
  std::minstd_rand engine(seed);
  std::vector<int32_t> targets(rows);
  for (int32_t& target : targets) target = static_cast<int32_t>(engine() % vocab);
  return targets;
}

inline std::vector<TokenStats> RunSweep(VocabSweep& sweep, const std::vector<float>& hidden,
                                        const std::vector<int32_t>& targets) {
  std::vector<TokenStats> stats(targets.size());
  sweep.Run(hidden.data(), targets, stats.data());
  return stats;
}

inline bool SameBits(const TokenStats& a, const TokenStats& b) {
  static_assert(sizeof(TokenStats) == 8 * 4);  // no padding
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

// Distance in float32 steps.
inline int64_t Ulps(float a, float b) {
  const auto order = [](float x) -> int64_t {
    const auto bits = std::bit_cast<int32_t>(x);
    return bits >= 0 ? bits : int64_t{std::numeric_limits<int32_t>::min()} - bits;
  };
  return std::abs(order(a) - order(b));
}

// Largest distance seen of each statistic; what the tests print as properties.
struct WorstUlps {
  int64_t surprisal = 0, entropy = 0, mass_above = 0, sum_p2 = 0, top1_logprob = 0;
};

// Integers equal, floats within 2 ulp: the header's promise where both twins see the same logits.
inline void ExpectSameLogitsStats(const std::vector<TokenStats>& got,
                                  const std::vector<TokenStats>& want, const std::string& where,
                                  WorstUlps& worst) {
  for (size_t row = 0; row < want.size(); ++row) {
    const TokenStats &g = got[row], &w = want[row];
    const auto near = [&](const char* name, float x, float y, int64_t& most) {
      const int64_t ulps = Ulps(x, y);
      most = std::max(most, ulps);
      EXPECT_LE(ulps, 2) << where << " row " << row << " " << name << ": got " << x << " want "
                         << y;
    };
    near("surprisal", g.surprisal, w.surprisal, worst.surprisal);
    near("entropy", g.entropy, w.entropy, worst.entropy);
    near("mass_above", g.mass_above, w.mass_above, worst.mass_above);
    near("sum_p2", g.sum_p2, w.sum_p2, worst.sum_p2);
    near("top1_logprob", g.top1_logprob, w.top1_logprob, worst.top1_logprob);
    EXPECT_EQ(g.rank, w.rank) << where << " row " << row;
    EXPECT_EQ(g.ties, w.ties) << where << " row " << row;
    EXPECT_EQ(g.top1_id, w.top1_id) << where << " row " << row;
    if (testing::Test::HasFailure()) return;  // one row tells enough
  }
}

inline void RecordWorst(const WorstUlps& worst) {
  testing::Test::RecordProperty("surprisal_ulp", static_cast<int>(worst.surprisal));
  testing::Test::RecordProperty("entropy_ulp", static_cast<int>(worst.entropy));
  testing::Test::RecordProperty("mass_above_ulp", static_cast<int>(worst.mass_above));
  testing::Test::RecordProperty("sum_p2_ulp", static_cast<int>(worst.sum_p2));
  testing::Test::RecordProperty("top1_logprob_ulp", static_cast<int>(worst.top1_logprob));
}

// Runs `test` at every level that this machine has, the reductions following; the best is in force
// afterwards.
inline void ForEachLevel(const std::function<void(const std::string& level)>& test) {
  InitCpuLevel();
  for (const char* level : SupportedCpuLevels()) {
    SCOPED_TRACE(level);
    ForceCpuLevel(level);
    test(level);
  }
  ForceCpuLevel(SupportedCpuLevels().front());
}

}  // namespace rsr
