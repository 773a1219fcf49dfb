// The vocabulary sweep: statistics of the next-token distribution without ever storing its logits.
//
// For every row of final hidden states h [rows, width] and output matrix W [vocab, width] the
// logits are l = cap(scale * (W h) + bias). Tiles of W pass by once; each row keeps the running
// maximum, sum of exponentials, sum of e*l, sum of squares, count and mass above the target, count
// equal, arg max.
//
// Tie rule: rank is 1 + number of entries with a strictly greater logit; `ties` counts the other
// entries whose logit equals the target's. The target's logit comes from the same multiplication as
// its tile, bit for bit (checked on every call).
//
// Rounding rule: products and logits in float32, sums over the vocabulary in double; every
// statistic is within 2 ulp(float32) of the same sums in double over the same logits, however close
// to 0 it is (surprisal of a token with p = 1 - 1e-30). Measured: 1 ulp, at every instruction set
// level.
//
// A row's result depends on that row, its target, W and the level alone: not on the other rows, nor
// on how many there are, bit for bit.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "rsr/error.h"

namespace rsr {

// Statistics of one position; names and units as rsr::TokenScore.
struct TokenStats {
  float surprisal, entropy, mass_above, sum_p2, top1_logprob;
  int32_t rank, ties, top1_id;
};

// The output matrix in whatever type it is stored. ReadRows may be called from several threads at
// once.
class OutputMatrix {
 public:
  virtual ~OutputMatrix() = default;
  virtual int64_t vocab() const = 0;
  virtual int64_t width() const = 0;
  // Rows [first, first + count) as float32 into out [count, width].
  virtual void ReadRows(int64_t first, int64_t count, float* out) const = 0;
  // The whole matrix if it already lies in memory as contiguous float32, else null: then tiles need
  // no copy.
  virtual const float* resident() const { return nullptr; }
};

// What lies between the product and the softmax in some families (Gemma 2: soft_cap; Granite,
// Cohere: scale).
struct LogitTransform {
  float scale = 1.0f;
  float soft_cap = 0.0f;        // 0: none, else l = soft_cap * tanh(l / soft_cap)
  const float* bias = nullptr;  // [vocab] or null
};

// What is wrong with one row of a sweep.
class SweepError : public Error {
 public:
  SweepError(size_t row, std::string message, std::string hint)
      : Error(std::move(message), std::move(hint)), row_(row) {}
  size_t row() const { return row_; }  // its index in the call

 private:
  size_t row_;
};

// Threading: one thread at a time per object, and no other thread is used; objects share the
// matrix. Scratch memory: 256 rows of width floats, those of the call (1,024 at most) and some 100
// kB, whatever the vocabulary and the number of rows.
class VocabSweep {
 public:
  virtual ~VocabSweep() = default;
  // hidden [rows, width] row-major, targets [rows], out [rows]. Any number of rows; whole multiples
  // of 32 waste nothing, and up to 1,024 share one pass over the matrix. Throws SweepError if
  // a row's target is outside the vocabulary or one of its logits is infinite or not a number.
  virtual void Run(const float* hidden, std::span<const int32_t> targets, TokenStats* out) = 0;
};

// The fast one: oneDNN products, Highway reductions at the best level the CPU has (RSR_CPU forces
// one).
std::unique_ptr<VocabSweep> NewVocabSweep(const OutputMatrix& matrix,
                                          const LogitTransform& transform = {});

// The slow, obvious twin: one row at a time, everything in double. For tests.
std::unique_ptr<VocabSweep> NewReferenceVocabSweep(const OutputMatrix& matrix,
                                                   const LogitTransform& transform = {});

// Levels this machine can run, best first ("AVX3", "AVX2" ... as Highway names them), and the one
// in use. RSR_CPU (docs/env.md) naming another is an rsr::Error at the first use.
std::span<const char* const> SupportedCpuLevels();
const char* CpuLevel();

}  // namespace rsr
