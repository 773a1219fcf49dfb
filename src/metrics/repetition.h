// Degenerate loops: how much of a trajectory says again what it said before.
#pragma once

#include <cstdint>
#include <vector>

#include "store/run.h"

namespace rsr {

struct Repetition {
  int64_t grams = 0, repeated = 0;  // 8-grams, and those that stood before in the trajectory
  // Tokens of the longest stretch that repeats what is right before it: each of its tokens is the
  // one `period` before, and it is at least `period` and 8 long. A period is tried where an 8-gram
  // stood that many tokens before last, and kept as long as it fits.
  int64_t longest = 0;
};

// Needs the column token_id and the ends of the stretches of scored text (stretch.h), over which no
// gram and no repetition reaches; exact, in O(tokens).
Repetition FindRepetition(const TokenColumns& tokens, const std::vector<size_t>& stretches);

}  // namespace rsr
