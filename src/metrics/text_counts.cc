#include "metrics/text_counts.h"

namespace rsr {

TextCounts CountText(const TokenColumns& tokens, const VocabTraits& vocab) {
  TextCounts counts;
  uint8_t state = kWordBoundary;
  bool after_space = true;
  for (size_t k = 0; k < tokens.token_id.size(); ++k) {
    if (k > 0 && tokens.position[k] != tokens.position[k - 1] + 1) {
      EndKeywords(state, &counts.keywords);
      state = kWordBoundary;
      after_space = true;
    }
    const TokenTraits& token = vocab.of(tokens.token_id[k]);
    counts.chars += token.chars;
    counts.words += token.words + (after_space && !token.begins_space);
    after_space = token.chars == 0 && token.begins_space ? after_space : token.ends_space;
    if (state > kOtherWord || token.keywords) {
      state = ReadKeywords(vocab.piece(tokens.token_id[k]), state, &counts.keywords);
    } else {
      state = state == kWordBoundary ? token.state_from_boundary : token.state_from_other;
    }
  }
  EndKeywords(state, &counts.keywords);
  return counts;
}

}  // namespace rsr
