// The scored positions of a pack on their way into the vocabulary sweep: collected over all its
// sequences, swept so many at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "kernels/vocab_sweep.h"

namespace rsr {

// Threading: one thread at a time; the matrix is shared. Scratch memory: `rows` hidden states and
// the sweep's own.
class PositionSweep {
 public:
  PositionSweep(const OutputMatrix& matrix, const LogitTransform& transform, int64_t rows);

  void Begin(std::span<const ScoreRequest> pack);  // forgets what an error left behind
  // Where the final hidden state that predicts position `index` of that sequence's positions goes
  // ([width], to be filled before the next call). Throws SequenceError.
  float* Add(size_t sequence, size_t index);
  void Finish();  // all results are there behind it; throws SequenceError

 private:
  struct Place {
    size_t sequence, index;
  };

  const int64_t width_;
  const size_t rows_;
  const std::unique_ptr<VocabSweep> sweep_;
  std::span<const ScoreRequest> pack_;
  // Of the positions that wait.
  std::vector<Place> places_;
  std::vector<float> hidden_;
  std::vector<int32_t> targets_;
  std::vector<TokenStats> stats_;
};

}  // namespace rsr
