// A seeded random projection of a matrix too large to keep: a count sketch of its entries.
//
// Entry (row, column) is added to one of `size` sums with a random sign; sum and sign are
// independent for every entry and depend on (seed, row, column) alone. For any matrices A and B,
// over seeds:
//
//   E <S A, S B> = <A, B>
//   Var <S A, S B> = (|A|^2 |B|^2 + <A, B>^2 - 2 sum a_i^2 b_i^2) / size <= 2 |A|^2 |B|^2 / size
//
// which is what a dense matrix of random signs with variance 1 / size gives, at one addition an
// entry (Charikar, Chen and Farach-Colton 2002; the sparse Johnson-Lindenstrauss transform with one
// entry a column).
#pragma once

#include <cstdint>
#include <vector>

namespace rsr {

class GradientSketch {
 public:
  // `size`: a power of 2, from 4 to 32,768 (ValidSketchSize).
  GradientSketch(int64_t size, uint64_t seed)
      : mask_(static_cast<uint64_t>(size - 1)), seed_(Mix(seed)), sums_(size) {}

  // Adds `count` entries of `row` from `column` on, which is a multiple of 4.
  template <class T>
  void Add(int64_t row, int64_t column, const T* values, int64_t count) {
    for (int64_t i = 0; i < count; i += 4) {
      uint64_t word = Word(row, (column + i) / 4);
      for (int64_t j = i; j < count && j < i + 4; ++j, word >>= 16) {
        const double value = values[j];
        sums_[word & mask_] += word & 0x8000 ? -value : value;
      }
    }
  }

  const std::vector<double>& sums() const { return sums_; }
  void Clear() { sums_.assign(sums_.size(), 0); }

 private:
  static uint64_t Mix(uint64_t x) {  // the finaliser of SplitMix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  // 16 bits for each of four entries: the sign in the highest, the sum in the lowest.
  uint64_t Word(int64_t row, int64_t quad) const {
    const auto counter = (static_cast<uint64_t>(row) << 32) + static_cast<uint64_t>(quad);
    return Mix(seed_ + counter * 0x9e3779b97f4a7c15u);
  }

  const uint64_t mask_, seed_;
  std::vector<double> sums_;
};

// 15 bits name a sum.
inline bool ValidSketchSize(int64_t size) {
  return size >= 4 && size <= 32768 && (size & (size - 1)) == 0;
}

}  // namespace rsr
