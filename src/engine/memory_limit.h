// What the engines may take.
#pragma once

#include <cstdint>

#include "engine/engine.h"

namespace rsr {

// options.student.memory, else what the machine and its control groups have free, beside what this
// process holds, less a reserve for others.
int64_t MemoryLimit(const EngineOptions& options);

// Tokens of the longest row: options.longest_row, --max-tokens or the student's context, whichever
// is least. Where no row is known: 32,768 at most, since few trajectories are longer and a student
// that allows a million tokens would never fit.
int64_t LongestRow(const EngineOptions& options, int64_t context_length);

// Millions of bytes, rounded up.
constexpr int64_t Megabytes(int64_t bytes) { return (bytes + 999'999) / 1'000'000; }

// What this process holds now, and what reading, shards and allocators will take beside the engine.
int64_t RestBytes(const EngineOptions& options);

}  // namespace rsr
