// The vocabulary sweep beside the bare matrix product of the same shape, on one core, answer
// checked.
//
//   vocab_sweep_bench [width vocab rows [repetitions]]
//
// Alternates the contestants and keeps the least CPU time of each, so that other programs on the
// machine disturb little.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/memory.h"
#include "bench/cpu_seconds.h"
#include "hwy/aligned_allocator.h"
#include "kernels/cpu/group_state.h"
#include "kernels/cpu/tile_product.h"
#include "kernels/vocab_sweep.h"
#include "onednn_product.h"
#include "rsr/error.h"

namespace rsr {
namespace {

struct Shape {
  int64_t width, vocab, rows;
};

class Weights : public OutputMatrix {
 public:
  Weights(Shape shape, const float* data) : shape_(shape), data_(data) {}
  int64_t vocab() const override { return shape_.vocab; }
  int64_t width() const override { return shape_.width; }
  const float* resident() const override { return data_; }
  void ReadRows(int64_t first, int64_t count, float* out) const override {
    std::copy_n(data_ + first * shape_.width, count * shape_.width, out);
  }

 private:
  const Shape shape_;
  const float* data_;
};

// Logits of standard deviation 3, as models have them; a few large ones, so that some tokens are
// near certain.
hwy::AlignedFreeUniquePtr<float[]> Random(int64_t count, float scale, int seed) {
  auto data = hwy::AllocateAligned<float>(count);
  if (!data) throw std::bad_alloc();
  std::minstd_rand engine(seed);
  for (int64_t i = 0; i < count; ++i) {
    data[i] = scale * (static_cast<float>(engine() + engine() % 65536) / 1073741824.0f - 1);
  }
  return data;
}

struct Contestant {
  std::string name;
  std::function<void()> run;
  double seconds = 1e30;
};

// Largest difference in surprisal and number of ranks that differ, over rows spread through
// `stats`.
void CheckAnswer(const Weights& matrix, const float* hidden, const std::vector<int32_t>& targets,
                 const std::vector<TokenStats>& stats) {
  const auto reference = NewReferenceVocabSweep(matrix);
  double worst = 0;
  int ranks = 0, checked = 0;
  for (size_t row = 0; row < stats.size(); row += stats.size() / 8 + 1, ++checked) {
    TokenStats expected;
    reference->Run(hidden + row * matrix.width(), {&targets[row], 1}, &expected);
    worst = std::max<double>(worst, std::abs(expected.surprisal - stats[row].surprisal));
    ranks += expected.rank != stats[row].rank;
  }
  fmt::print(
      "  answer: surprisal within {:.1e} of the reference, {} of {} ranks moved by near-ties\n",
      worst, ranks, checked);
  if (worst > 1e-4) throw Error("wrong answer");
}

void Bench(Shape shape, int repetitions) {
  const auto [width, vocab, rows] = shape;
  const auto weights = Random(width * vocab, 1, 1);
  const auto hidden = Random(width * rows, 9 / std::sqrt(static_cast<float>(width)), 2);
  std::vector<int32_t> targets(rows);
  for (int64_t i = 0; i < rows; ++i) targets[i] = i * 7919 % vocab;
  std::vector<TokenStats> stats(rows);
  const Weights matrix(shape, weights.get());

  const double before = static_cast<double>(PeakRssBytes()) / 1e6;
  const auto sweep = NewVocabSweep(matrix);
  sweep->Run(hidden.get(), targets, stats.data());
  fmt::print("width {} vocab {} rows {}; level {}; memory of the sweep {:.1f} MB\n", width, vocab,
             rows, CpuLevel(), static_cast<double>(PeakRssBytes()) / 1e6 - before);
  CheckAnswer(matrix, hidden.get(), targets, stats);

  const SingleThread single;
  constexpr int64_t kBlock = 256, kPlainTile = 2048;
  const int64_t block = std::min(kBlock, rows);
  TileProduct tile(width);
  const int64_t groups = (block + kGroupRows - 1) / kGroupRows;
  const auto packed = hwy::AllocateAligned<float>(groups * tile.packed_floats());
  const auto logits = hwy::AllocateAligned<float>(kTileRows * kGroupRows);
  OneDnnProduct plain(block, width, kPlainTile);
  std::vector<float> plain_logits(static_cast<size_t>(block * kPlainTile)), all_logits;

  // Shapes are whole multiples of the tiles but for the vocabulary's tail, which both products
  // leave out.
  std::vector<Contestant> contestants;
  contestants.push_back({"sweep", [&] { sweep->Run(hidden.get(), targets, stats.data()); }});
  contestants.push_back({"product, our tiles", [&] {
                           for (int64_t first = 0; first + block <= rows; first += block) {
                             for (int64_t g = 0; g < groups; ++g) {
                               tile.Pack(hidden.get() + (first + g * kGroupRows) * width,
                                         std::min<int64_t>(kGroupRows, block - g * kGroupRows),
                                         packed.get() + g * tile.packed_floats());
                             }
                             for (int64_t v = 0; v + kTileRows <= vocab; v += kTileRows) {
                               for (int64_t g = 0; g < groups; ++g) {
                                 tile.Multiply(weights.get() + v * width,
                                               packed.get() + g * tile.packed_floats(),
                                               logits.get());
                               }
                             }
                           }
                         }});
  contestants.push_back({"product, rows x tiles of 2048", [&] {
                           for (int64_t first = 0; first + block <= rows; first += block) {
                             for (int64_t v = 0; v + kPlainTile <= vocab; v += kPlainTile) {
                               plain.Run(hidden.get() + first * width, weights.get() + v * width,
                                         plain_logits.data());
                             }
                           }
                         }});
  std::unique_ptr<OneDnnProduct> whole;
  if (rows * vocab * sizeof(float) <= 256 << 20) {
    whole = std::make_unique<OneDnnProduct>(rows, width, vocab);
    all_logits.resize(static_cast<size_t>(rows * vocab));
    contestants.push_back(
        {"product, one call", [&] { whole->Run(hidden.get(), weights.get(), all_logits.data()); }});
  }
  for (int i = 0; i < repetitions; ++i) {
    for (Contestant& c : contestants) {
      const double start = CpuSeconds();
      c.run();
      c.seconds = std::min(c.seconds, CpuSeconds() - start);
    }
  }
  for (const Contestant& c : contestants) {
    fmt::print("  {:32} {:9.2f} ms {:7.1f} GFLOP/s; the sweep takes {:+.1f} %\n", c.name,
               1e3 * c.seconds, 2e-9 * width * vocab * rows / c.seconds,
               100 * (contestants[0].seconds / c.seconds - 1));
  }
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  try {
    if (argc > 3) {
      rsr::Bench({std::atoll(argv[1]), std::atoll(argv[2]), std::atoll(argv[3])},
                 argc > 4 ? std::atoi(argv[4]) : 5);
      return 0;
    }
    for (const rsr::Shape shape : {rsr::Shape{576, 49152, 256},
                                   {576, 49152, 2048},
                                   {896, 151936, 256},
                                   {896, 151936, 2048},
                                   {576, 49152, 20}}) {
      rsr::Bench(shape, shape.rows > 256 ? 3 : 7);
    }
  } catch (const rsr::Error& error) {
    fmt::print(stderr, "{}\n", error.message());
    return 1;
  }
}
