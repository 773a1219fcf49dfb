#include "kernels/cpu/cpu_level.h"

#include <fmt/format.h>

#include <cstdlib>
#include <dnnl.hpp>
#include <numbers>

#include "gmock/gmock.h"
#include "hwy/highway.h"
#include "kernels/cpu/reduce_tile.h"
#include "kernels/kernel_testing.h"
#include "rsr/error.h"

namespace rsr {
namespace {

TEST(CpuLevel, TheForcedLevelRuns) {
  ForEachLevel([](const std::string& level) {
    EXPECT_EQ(hwy::TargetName(CompiledTarget()), level);
    EXPECT_EQ(CpuLevel(), level);
  });
}

// The sum of a group whose one row has the logits 0 and x is 2^100 e^x in float32.
TEST(CpuLevel, Exponential) {
  ForEachLevel([](const std::string& level) {
    alignas(64) float logits[2 * kGroupRows];
    const float targets[kGroupRows] = {};
    GroupState state;
    double worst = 0, at = 0;
    const int steps = 200000;
    for (int step = 0; step < steps; ++step) {
      for (int row = 0; row < kGroupRows; ++row) {
        logits[row] = 0;
        logits[kGroupRows + row] =
            -150.0f * (static_cast<float>(step) + static_cast<float>(row) / kGroupRows) / steps;
        if (logits[kGroupRows + row] == 0) logits[kGroupRows + row] = -1e-8f;
      }
      float x[kGroupRows];
      std::copy_n(logits + kGroupRows, kGroupRows, x);
      state.Reset(targets);
      ReduceTile(logits, 2, 0, state);
      for (int row = 0; row < kGroupRows; ++row) {
        const double exact = std::ldexp(std::exp(static_cast<double>(x[row])), 100);
        const double ulp = std::ldexp(1.0, std::ilogb(exact) - 23);
        const double error = std::abs(state.sum[row] - exact) / ulp;
        if (error > worst) worst = error, at = x[row];
      }
    }
    testing::Test::RecordProperty("worst_ulp_" + level, fmt::format("{:.3f}", worst));
    EXPECT_LT(worst, 1.01) << "at " << at;
  });
}

// RSR_CPU is read once per process: each of these runs in a process of its own.
class CpuVariable : public testing::Test {
 protected:
  void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(CpuVariable, ForcesReductionsAndProducts) {
  for (const char* level : SupportedCpuLevels()) {
    EXPECT_EXIT(
        {
          setenv("RSR_CPU", level, 1);
          const TestMatrix matrix(3, 2, {1, 2, 3, 4, 5, 6});
          const auto stats = RunSweep(*NewVocabSweep(matrix), {1, 0}, {2});
          const bool product_follows =
              std::string(level) != "AVX2" || dnnl::get_effective_cpu_isa() == dnnl::cpu_isa::avx2;
          const bool right =
              stats[0].rank == 1 && std::string(CpuLevel()) == level && product_follows;
          std::exit(right ? 0 : 1);
        },
        testing::ExitedWithCode(0), "")
        << level;
  }
}

TEST_F(CpuVariable, UnknownLevelIsRefusedWithTheNearest) {
  EXPECT_EXIT(
      {
        setenv("RSR_CPU", "SSE5", 1);
        try {
          NewVocabSweep(TestMatrix(1, 1, {1}));
        } catch (const Error& error) {
          fmt::print(stderr, "{} | {}\n", error.message(), error.hint());
          std::exit(3);
        }
      },
      testing::ExitedWithCode(3), "RSR_CPU=SSE5: .*SSE4.* \\| did you mean.*SSE4");
}

}  // namespace
}  // namespace rsr
