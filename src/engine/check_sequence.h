// What the engines check and report alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/engine.h"

namespace rsr {

// Throws rsr::Error (kInternal) for ids outside the vocabulary and positions that do not ascend
// from 1 on or lie outside the sequence.
void CheckSequence(std::span<const int32_t> ids, std::span<const int32_t> positions, int64_t vocab);

void CheckSweepRows(int64_t sweep_rows);  // throws rsr::Error unless at least 1

// Runs `f`; what it throws names the sequence of the pack.
template <typename F>
void NamingSequence(size_t sequence, const F& f) {
  try {
    f();
  } catch (const SequenceError&) {
    throw;
  } catch (const Error& error) {
    throw SequenceError(sequence, error);
  }
}

}  // namespace rsr
