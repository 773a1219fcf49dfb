// What the engines check and report alike.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/vocab_sweep.h"

namespace rsr {

// Throws rsr::Error (kInternal) for ids outside the vocabulary and positions that do not ascend
// from 1 on or lie outside the sequence.
void CheckSequence(std::span<const int32_t> ids, std::span<const int32_t> positions, int64_t vocab);

void CheckSweepRows(int64_t sweep_rows);  // throws rsr::Error unless at least 1

// sweep.Run; its errors name the positions.
void SweepPositions(VocabSweep& sweep, const float* hidden, std::span<const int32_t> positions,
                    std::span<const int32_t> targets, TokenStats* out);

}  // namespace rsr
