#include "kernels/sweep_input.h"

#include <fmt/format.h>

#include <limits>

#include "rsr/error.h"

namespace rsr {

void CheckMatrix(const OutputMatrix& matrix) {
  const int64_t vocab = matrix.vocab(), width = matrix.width();
  if (vocab > 0 && vocab <= std::numeric_limits<int32_t>::max() && width > 0) return;
  throw Error(
      fmt::format("the output matrix has {} rows of {} values: expected a row for every token",
                  vocab, width),
      "the student file is broken");
}

void CheckTargets(std::span<const int32_t> targets, int64_t vocab) {
  for (size_t row = 0; row < targets.size(); ++row) {
    if (targets[row] >= 0 && targets[row] < vocab) continue;
    throw SweepError(row,
                     fmt::format("token {} is not in the output matrix, which has {} tokens",
                                 targets[row], vocab),
                     "the tokenizer and the weights of this student do not belong together");
  }
}

void ThrowNotFinite(size_t row) {
  throw SweepError(
      row, "a logit is infinite or not a number",
      "the student's weights hold NaN or infinite values, or overflow in this precision");
}

}  // namespace rsr
