#include "metrics/steps.h"

#include "metrics/vector_loops.h"

namespace rsr {

StepSums SumSteps(const TokenColumns& tokens, const TextMarks& text) {
  const float* s = tokens.surprisal.data();
  const uint8_t* marks = text.marks.get();
  const size_t n = tokens.surprisal.size();
  const auto heads = static_cast<int64_t>(CountMarked(marks, kStepHead, n));
  return {heads, static_cast<int64_t>(n) - heads, SumMarked(s, marks, kStepHead, true, n),
          SumMarked(s, marks, kStepHead, false, n)};
}

}  // namespace rsr
