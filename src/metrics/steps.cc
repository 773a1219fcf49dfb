#include "metrics/steps.h"

#include <memory>

#include "metrics/stretch.h"
#include "metrics/token_sums.h"

namespace rsr {

StepSums SumSteps(const TokenColumns& tokens, const TokenTraits* traits) {
  const float* surprisal = tokens.surprisal.data();
  const size_t n = tokens.token_id.size();
  // Of the first two tokens of steps, and of the others, written to both without a branch: where
  // steps begin is hard to predict.
  const auto heads = std::make_unique_for_overwrite<float[]>(n + 1);
  const auto tails = std::make_unique_for_overwrite<float[]>(n + 1);
  int64_t steps = 0;
  size_t head_count = 0;
  for (size_t begin = 0, end; begin < n; begin = end) {
    end = StretchEnd(tokens, begin);
    uint8_t before = kStepEnds;
    bool after_first = false;  // of a step
    for (size_t k = begin; k < end; ++k) {
      const TokenTraits& token = traits[k];
      const bool first = (before & token.begin & (kStepEnds | kSentenceEnds)) != 0;
      heads[head_count] = surprisal[k];
      tails[k - head_count] = surprisal[k];
      head_count += first | after_first;  // the paper drops the first 2
      steps += first;
      before = token.end;
      after_first = first;
    }
  }
  return {steps, static_cast<int64_t>(head_count), static_cast<int64_t>(n - head_count),
          SumOf(heads.get(), head_count), SumOf(tails.get(), n - head_count)};
}

}  // namespace rsr
