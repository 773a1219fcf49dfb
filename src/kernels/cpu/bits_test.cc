// A row's bits depend on nothing but the row; scratch memory does not grow; threads do not meet.
#include <omp.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <thread>

#include "base/memory.h"
#include "kernels/cpu/tile_product.h"
#include "kernels/kernel_testing.h"

namespace rsr {
namespace {

class BitsTest : public testing::Test {
 protected:
  static constexpr int64_t kVocab = 1000, kWidth = 576, kRows = 300;
  const TestMatrix matrix_{kVocab, kWidth, Gaussian(kVocab* kWidth, 1, 1)};
  const std::vector<float> hidden_ = Gaussian(kRows * kWidth, 0.125f, 2);
  const std::vector<int32_t> targets_ = Targets(kRows, kVocab, 3);
  const std::unique_ptr<VocabSweep> sweep_ = NewVocabSweep(matrix_);
  const std::vector<TokenStats> stats_ = RunSweep(*sweep_, hidden_, targets_);
};

TEST_F(BitsTest, AnyNumberOfRows) {
  for (int64_t rows = 1; rows <= kRows; ++rows) {
    const int64_t first = (rows * 37) % (kRows - rows + 1);
    const std::vector<float> hidden(hidden_.begin() + first * kWidth,
                                    hidden_.begin() + (first + rows) * kWidth);
    const std::vector<int32_t> targets(targets_.begin() + first, targets_.begin() + first + rows);
    const auto stats = RunSweep(*sweep_, hidden, targets);
    for (int64_t i = 0; i < rows; ++i)
      ASSERT_TRUE(SameBits(stats[i], stats_[first + i])) << rows << " rows, row " << i;
  }
}

TEST_F(BitsTest, AnyOrderOfRows) {
  std::vector<int> order(kRows);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 engine(4);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(order.begin(), order.end(), engine);
    std::vector<float> hidden;
    std::vector<int32_t> targets;
    for (const int row : order) {
      hidden.insert(hidden.end(), hidden_.begin() + row * kWidth,
                    hidden_.begin() + (row + 1) * kWidth);
      targets.push_back(targets_[row]);
    }
    const auto stats = RunSweep(*sweep_, hidden, targets);
    for (int i = 0; i < kRows; ++i)
      ASSERT_TRUE(SameBits(stats[i], stats_[order[i]])) << "row " << order[i];
  }
}

TEST_F(BitsTest, RowsReadOrInPlace) {
  TestMatrix copied(kVocab, kWidth, Gaussian(kVocab * kWidth, 1, 1), /*in_place=*/false);
  const auto stats = RunSweep(*NewVocabSweep(copied), hidden_, targets_);
  for (int i = 0; i < kRows; ++i) ASSERT_TRUE(SameBits(stats[i], stats_[i])) << "row " << i;
}

TEST_F(BitsTest, TwoThreads) {
  std::vector<std::vector<TokenStats>> stats(2);
  std::vector<std::thread> threads;
  for (auto& own : stats) {
    threads.emplace_back([&] {
      const auto sweep = NewVocabSweep(matrix_);
      for (int i = 0; i < 3; ++i) own = RunSweep(*sweep, hidden_, targets_);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& own : stats) {
    for (int i = 0; i < kRows; ++i) ASSERT_TRUE(SameBits(own[i], stats_[i])) << "row " << i;
  }
}

// One caller is one core: oneDNN must not start its OpenMP threads, and the caller's own setting
// comes back.
TEST_F(BitsTest, UsesTheCallingThreadAlone) {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  omp_set_num_threads(4);
  const auto before = threads();
  RunSweep(*NewVocabSweep(matrix_), hidden_, targets_);
  EXPECT_EQ(threads(), before);
  EXPECT_EQ(omp_get_max_threads(), 4);
}

// The target's logit is computed apart from its tile; the sweep throws where the two differ in a
// bit. Every shape of the product that a model can have: nothing but the width varies.
TEST(TargetLogit, SameBitsAtEveryWidth) {
  for (int64_t width = 1; width <= 4160; width += width < 200 ? 1 : 61) {
    const TestMatrix matrix(300, width, Gaussian(300 * width, 1, 5));
    const std::vector<int32_t> targets = Targets(33, 300, static_cast<int>(width));
    ASSERT_NO_THROW(RunSweep(*NewVocabSweep(matrix), Gaussian(33 * width, 1, 6), targets)) << width;
  }
}

// Weights out of nowhere, so that only the sweep's own memory is seen.
class Endless : public OutputMatrix {
 public:
  int64_t vocab() const override { return 151936; }
  int64_t width() const override { return 64; }
  void ReadRows(int64_t first, int64_t count, float* out) const override {
    for (int64_t i = 0; i < count * 64; ++i)
      out[i] = static_cast<float>((first * 64 + i) * 2654435761 % 1024) / 1024;
  }
};

TEST(Memory, DoesNotGrowWithVocabularyOrRows) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps memory of its own";
#endif
  const std::vector<float> hidden = Gaussian(512 * 64, 1, 7);
  const std::vector<int32_t> targets = Targets(512, 151936, 8);
  const int64_t before = PeakRssBytes();
  RunSweep(*NewVocabSweep(Endless()), hidden, targets);
  // The logits alone would be 311 MB.
  EXPECT_LT(PeakRssBytes() - before, 16 << 20);
}

}  // namespace
}  // namespace rsr
