// Head gradients beside the vocabulary sweep of the same rows, on one core, answer checked.
//
//   head_gradient_bench [width vocab rows [repetitions]]
//
// Alternates the contestants and keeps the least CPU time of each.
#include "kernels/head_gradient.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "bench/cpu_seconds.h"
#include "kernels/kernel_testing.h"
#include "rsr/error.h"

namespace rsr {
namespace {

void CheckAnswer(const TestMatrix& matrix, const std::vector<float>& hidden,
                 const std::vector<int32_t>& targets) {
  const size_t rows = std::min<size_t>(targets.size(), 3);
  const std::span<const int32_t> some = std::span(targets).first(rows);
  const HeadGradient got = NewHeadGradients(matrix)->Run(hidden.data(), some);
  const HeadGradient want =
      Summarise(ReferenceHeadGradient(matrix, {}, hidden.data(), some), matrix.width(), {});
  const double error = std::max(std::abs(got.weight_norm / want.weight_norm - 1),
                                std::abs(got.hidden_norm / want.hidden_norm - 1));
  fmt::print("  answer: norms of {} rows within {:.1e} of the reference\n", rows, error);
  if (!(error < 1e-4)) throw Error("wrong answer");
}

void Run(int64_t width, int64_t vocab, int64_t rows, int repetitions) {
  const TestMatrix matrix(vocab, width, Gaussian(vocab * width, 1, 1));
  const auto hidden = Gaussian(rows * width, 3 / std::sqrt(static_cast<float>(width)), 2);
  const std::vector<int32_t> targets = Targets(rows, vocab, 3);
  fmt::print("width {} vocab {} rows {}\n", width, vocab, rows);
  CheckAnswer(matrix, hidden, targets);
  const auto sweep = NewVocabSweep(matrix);
  const auto gradients = NewHeadGradients(matrix);
  std::vector<TokenStats> stats(targets.size());
  double sweep_seconds = 1e30, gradient_seconds = 1e30;
  for (int i = 0; i < repetitions; ++i) {
    double start = CpuSeconds();
    sweep->Run(hidden.data(), targets, stats.data());
    sweep_seconds = std::min(sweep_seconds, CpuSeconds() - start);
    start = CpuSeconds();
    gradients->Run(hidden.data(), targets);
    gradient_seconds = std::min(gradient_seconds, CpuSeconds() - start);
  }
  const double product = 2e-9 * static_cast<double>(width * vocab * rows);
  fmt::print(
      "  sweep {:.3f} s ({:.0f} GFLOP/s), gradients {:.3f} s ({:.0f} GFLOP/s over their four "
      "products): {:.2f} sweeps\n",
      sweep_seconds, product / sweep_seconds, gradient_seconds, 4 * product / gradient_seconds,
      gradient_seconds / sweep_seconds);
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  const auto number = [&](int i, int64_t otherwise) {
    return argc > i ? std::atoll(argv[i]) : otherwise;
  };
  const int repetitions = static_cast<int>(number(4, 3));
  if (argc > 1) {
    rsr::Run(number(1, 576), number(2, 49152), number(3, 400), repetitions);
    return 0;
  }
  for (const int64_t rows : {50, 400, 2000}) rsr::Run(576, 49152, rows, repetitions);
  rsr::Run(896, 151936, 400, repetitions);
}
