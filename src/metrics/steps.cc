#include "metrics/steps.h"

namespace rsr {
namespace {

constexpr int kHead = 2;  // tokens; the paper drops the first 2

}  // namespace

StepSums SumSteps(const TokenColumns& tokens, const VocabTraits& vocab) {
  StepSums sums;
  int place = 0;  // in the step
  const TokenTraits* before = nullptr;
  for (size_t k = 0; k < tokens.token_id.size(); ++k) {
    const TokenTraits* token = &vocab.of(tokens.token_id[k]);
    if (before == nullptr || before->ends_step || (before->ends_period && token->begins_blank) ||
        tokens.position[k] != tokens.position[k - 1] + 1) {
      place = 0;
      ++sums.steps;
    }
    const bool head = place++ < kHead;
    sums.heads += head;
    (head ? sums.head_surprisal : sums.tail_surprisal) += tokens.surprisal[k];
    before = token;
  }
  sums.tails = static_cast<int64_t>(tokens.token_id.size()) - sums.heads;
  return sums;
}

}  // namespace rsr
