// The decoder's kernels on one core: products beside oneDNN's of the same shape, attention alone
// counted causally; answers checked.
//
//   decoder_bench [repetitions]
//
// Alternates the contestants and keeps the least CPU time of each, so that other programs on the
// machine disturb little.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>
#include <vector>

#include "bench/cpu_seconds.h"
#include "kernels/attention.h"
#include "kernels/cpu/tile_product.h"
#include "kernels/matmul.h"
#include "kernels/vocab_sweep.h"
#include "onednn_product.h"
#include "rsr/error.h"

namespace rsr {
namespace {

std::vector<float> Random(int64_t count, float scale, int seed) {
  std::minstd_rand engine(seed);
  std::vector<float> values(count);
  for (float& x : values) x = scale * (static_cast<float>(engine()) / 1073741824.0f - 1);
  return values;
}

// Least CPU time of a call of each, in seconds; a turn of each lasts some milliseconds.
std::vector<double> Least(const std::vector<std::function<void()>>& contestants, int repetitions) {
  std::vector<double> least(contestants.size(), 1e30);
  for (int i = 0; i < repetitions; ++i) {
    for (size_t c = 0; c < contestants.size(); ++c) {
      int calls = 0;
      const double start = CpuSeconds();
      double now;
      do {
        contestants[c]();
        ++calls;
        now = CpuSeconds();
      } while (now - start < 0.01);
      least[c] = std::min(least[c], (now - start) / calls);
    }
  }
  return least;
}

void BenchProduct(int64_t rows, int64_t depth, int64_t columns, int repetitions) {
  const auto x = Random(rows * depth, 1, 1), weights = Random(columns * depth, 1, 2);
  std::vector<float> y(rows * columns), other(rows * columns), y16(y.size());
  PackedMatrix packed(columns, depth);
  packed.Pack(0, columns, weights.data());
  PackedMatrix packed16(columns, depth, WeightType::kBf16);
  packed16.Pack(0, columns, weights.data());
  OneDnnProduct product(rows, depth, columns, weights.data());
  const auto seconds = Least({[&] { MatMul(x.data(), rows, packed, y.data()); },
                              [&] { product.Run(x.data(), other.data()); },
                              [&] { MatMul(x.data(), rows, packed16, y16.data()); }},
                             repetitions);
  double worst = 0;
  for (size_t i = 0; i < y.size(); ++i) worst = std::max<double>(worst, std::abs(y[i] - other[i]));
  if (!(worst < 1e-6 * static_cast<double>(depth))) throw Error("the products differ");
  const double flop = 2e-9 * static_cast<double>(rows * depth * columns);
  fmt::print(
      "  {:4} rows, depth {:5}, {:5} columns  {:6.1f} GFLOP/s, oneDNN {:6.1f}; bf16 {:6.1f}\n",
      rows, depth, columns, flop / seconds[0], flop / seconds[1], flop / seconds[2]);
}

void BenchAttention(int64_t length, bool bf16, int repetitions) {
  constexpr int64_t kHeads = 9, kKvHeads = 3, kWidth = 64, kBlock = 128;
  const AttentionShape shape{
      .heads = kHeads, .kv_heads = kKvHeads, .head_width = kWidth, .scale = 0.125f, .bf16 = bf16};
  const auto q = Random(length * kHeads * kWidth, 3, 1);
  const auto keys = Random(length * kKvHeads * kWidth, 1, 2);
  const auto values = Random(length * kKvHeads * kWidth, 1, 3);
  std::vector<float> out(q.size()), memory(2 * keys.size() + 2 * kKvHeads * kWidth);
  const auto keep = [&](Attention& attention) {
    const int64_t words = attention.KeptWords(length);
    const KeysAndValues kept{memory.data(), memory.data() + kKvHeads * words, words};
    for (int64_t i = 0; i < length; ++i) {
      const int64_t at = i * kKvHeads * kWidth;
      attention.Keep(keys.data() + at, values.data() + at, i, kept);
    }
    return kept;
  };
  const auto attention = NewAttention(shape);
  const int64_t row = kHeads * kWidth;
  const double seconds =
      Least({[&] {
              const KeysAndValues kept = keep(*attention);
              for (int64_t first = 0; first < length; first += kBlock) {
                attention->Run(q.data() + first * row, first, std::min(kBlock, length - first),
                               kept, out.data() + first * row);
              }
            }},
            repetitions)[0];
  std::vector<float> want(row);
  const auto reference = NewReferenceAttention(shape);
  reference->Run(q.data() + (length - 1) * row, length - 1, 1, keep(*reference), want.data());
  double worst = 0;
  for (int64_t i = 0; i < row; ++i) {
    worst = std::max<double>(worst, std::abs(want[i] - out[(length - 1) * row + i]));
  }
  if (!(worst < (bf16 ? 1e-2 : 1e-5))) throw Error("attention differs from its reference");
  const double pairs = 0.5 * static_cast<double>(length * (length + 1));
  const double rate = 4e-9 * pairs * static_cast<double>(kHeads * kWidth) / seconds;
  fmt::print("  {:5} tokens, {:4}  {:6.1f} GFLOP/s, last row within {:.1e} of the reference\n",
             length, bf16 ? "bf16" : "f32", rate, worst);
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  try {
    const int repetitions = argc > 1 ? std::atoi(argv[1]) : 9;
    const rsr::SingleThread single;
    fmt::print("level {}\nproducts of SmolLM2-135M and of a student of 1.5B\n", rsr::CpuLevel());
    for (const auto& [depth, columns] : {std::pair<int64_t, int64_t>{576, 576},
                                         {576, 384},
                                         {576, 1536},
                                         {1536, 576},
                                         {1536, 1536},
                                         {1536, 8960},
                                         {8960, 1536}}) {
      rsr::BenchProduct(128, depth, columns, repetitions);
    }
    fmt::print("attention, 9 heads of 64 over 3 KV heads, counted causally\n");
    for (const int64_t length : {128, 512, 2048, 4096, 8192}) {
      for (const bool bf16 : {false, true}) rsr::BenchAttention(length, bf16, repetitions);
    }
  } catch (const rsr::Error& error) {
    fmt::print(stderr, "{}\n", error.message());
    return 1;
  }
}
