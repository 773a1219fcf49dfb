#include "metrics/text_marks.h"

#include "metrics/vector_loops.h"

namespace rsr {

TextMarks MarkText(const TokenColumns& tokens, const std::vector<size_t>& stretches,
                   const VocabTraits& vocab) {
  const int32_t* ids = tokens.token_id.data();
  const size_t n = tokens.token_id.size();
  // First each token's own traits, then what two have in common: so the processor waits for the
  // vocabulary of many tokens at once.
  const auto memory = std::make_unique_for_overwrite<uint8_t[]>(2 * n + 1);
  uint8_t *befores = memory.get(), *begins = befores + n + 1;
  // A copy, which the stores of bytes below cannot change.
  const VocabTraits::Table table = vocab.table();
  int64_t chars = 0, words = 0;
  size_t k = 0;
  for (const size_t end : stretches) {
    befores[k] = kStretchBegins;
    for (; k < end; ++k) {
      const TokenTraits& token = table.of(ids[k]);
      begins[k] = token.begin;
      befores[k + 1] = token.end;
      if (token.passes_on) befores[k + 1] |= befores[k] & token.passes_on;
      chars += token.chars;
      words += token.words;
    }
  }
  auto marks = std::make_unique_for_overwrite<uint8_t[]>(n);
  MeetMarks(befores, begins, kStepEnds | kSentenceEnds, kStepHead, n, marks.get());
  words += static_cast<int64_t>(CountMarked(marks.get(), kWordBegins, n));
  return {std::move(marks), chars, words};
}

}  // namespace rsr
