// The steps of a trajectory and the surprisal of their first tokens (arXiv 2604.06834).
#pragma once

#include <cstdint>

#include "metrics/text_marks.h"
#include "store/run.h"

namespace rsr {

// A step ends with a token that holds a newline or ". ", with one that ends in "." before one that
// begins with a space, and where the scored text is not contiguous (turns).
struct StepSums {
  int64_t heads = 0, tails = 0;  // heads: the first two tokens of each step
  double head_surprisal = 0, tail_surprisal = 0;
};

// Needs the column surprisal.
StepSums SumSteps(const TokenColumns& tokens, const TextMarks& text);

}  // namespace rsr
