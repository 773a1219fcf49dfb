// The gradient of the loss with respect to the output matrix and to the final hidden states, in
// closed form, without ever storing logits or the gradient of the matrix.
//
// For rows h_k of final hidden states (after the output norm), targets t_k and logits
// l = cap(scale * (W h) + bias), the loss is the mean surprisal of T rows, L = (1/T) sum s_k. With
//
//   d_kv = (p_kv - [v = t_k]) * scale * (1 - (l_kv / cap)^2)      (no cap: the last factor is 1)
//
//   dL/dW = (1/T) sum_k d_k h_k^T       [vocab, width]
//   ds_k/dh_k = W^T d_k                 [width], of the row's own surprisal
//
// Tiles of W pass by twice: the vocabulary sweep for the logarithm of the sum, then p. Where the
// student's output matrix is also its embedding, only its use as output is counted.
//
// Rounding rule: products in float32, norms and sketches in double; norms are within 1e-4 of the
// reference's value for rows of any number. Results depend on the rows, their targets, W and the
// CPU level alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/vocab_sweep.h"

namespace rsr {

struct HeadGradient {
  double weight_norm = 0;     // Frobenius norm of dL/dW
  double hidden_norm = 0;     // mean over rows of the norm of ds/dh
  std::vector<float> sketch;  // of dL/dW (gradient_sketch.h), [sketch_size]
};

struct HeadGradientOptions {
  LogitTransform transform;
  int64_t sketch_size = 512;  // a power of 2
  uint64_t seed = 0;          // of the sketch
};

// Threading: one thread at a time per object, and no other thread is used; objects share the
// matrix. Scratch memory: HeadGradientBytes, whatever the vocabulary.
class HeadGradients {
 public:
  virtual ~HeadGradients() = default;
  // hidden [rows, width] row-major, targets [rows]. No rows: zeros. Throws as VocabSweep::Run.
  virtual HeadGradient Run(const float* hidden, std::span<const int32_t> targets) = 0;
};

// Bytes of an object's scratch memory once it was run with `rows` rows.
int64_t HeadGradientBytes(int64_t width, int64_t rows, int64_t sketch_size);

// Throws rsr::Error for a sketch size that is no power of 2 from 4 to 32,768.
std::unique_ptr<HeadGradients> NewHeadGradients(const OutputMatrix& matrix,
                                                const HeadGradientOptions& options = {});

// The slow, obvious twin, in double, with both gradients as they are. For tests.
struct FullHeadGradient {
  double loss = 0;              // L, nats
  std::vector<double> weights;  // dL/dW [vocab, width]
  std::vector<double> hidden;   // ds_k/dh_k [rows, width]
};
FullHeadGradient ReferenceHeadGradient(const OutputMatrix& matrix, const LogitTransform& transform,
                                       const float* hidden, std::span<const int32_t> targets);
HeadGradient Summarise(const FullHeadGradient& gradient, int64_t width,
                       const HeadGradientOptions& options);

}  // namespace rsr
