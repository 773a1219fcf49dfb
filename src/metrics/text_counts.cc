#include "metrics/text_counts.h"

namespace rsr {

TextCounts CountText(const TokenColumns& tokens, const VocabTraits& vocab) {
  const int32_t* id = tokens.token_id.data();
  const int32_t* position = tokens.position.data();
  int64_t chars = 0, words = 0;
  KeywordCounts keywords;
  uint8_t state = kWordBoundary;
  bool after_space = true;
  for (size_t k = 0, n = tokens.token_id.size(); k < n; ++k) {
    if (k > 0 && position[k] != position[k - 1] + 1) {
      EndKeywords(state, &keywords);
      state = kWordBoundary;
      after_space = true;
    }
    const TokenTraits token = vocab.of(id[k]);
    chars += token.chars;
    words += token.words + (after_space & !token.begins_space);
    after_space = token.chars == 0 && token.begins_space ? after_space : token.ends_space;
    if (token.ends_word && !token.keywords) {
      EndKeywords(state, &keywords);
      state = token.state_from_boundary;
    } else if (state > kOtherWord || token.keywords) {
      state = ReadKeywords(vocab.piece(id[k]), state, &keywords);
    } else {
      state = state == kWordBoundary ? token.state_from_boundary : token.state_from_other;
    }
  }
  EndKeywords(state, &keywords);
  return {chars, words, keywords};
}

}  // namespace rsr
