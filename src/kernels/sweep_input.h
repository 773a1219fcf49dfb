// Checks that the twins of the vocabulary sweep share.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/vocab_sweep.h"

namespace rsr {

void CheckMatrix(const OutputMatrix& matrix);  // throws rsr::Error if it is empty or too large
// Throws SweepError for a target that is no entry of the vocabulary.
void CheckTargets(std::span<const int32_t> targets, int64_t vocab);
[[noreturn]] void ThrowNotFinite(size_t row);

}  // namespace rsr
