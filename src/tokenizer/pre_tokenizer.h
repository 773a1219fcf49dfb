// Cuts text into the words that merges work within, as Hugging Face's pre-tokenizers do.
#pragma once

#include <cstdint>
#include <vector>

#include "tokenizer/definition.h"
#include "tokenizer/pattern.h"
#include "tokenizer/text.h"

namespace rsr {

// Threading: const methods may run on several threads at once.
class PreTokenizer {
 public:
  // Throws rsr::Error for a pattern that is not understood.
  explicit PreTokenizer(const TokenizerDefinition& definition);

  struct Word {
    size_t begin, end;  // code points of the text
  };
  // The words of one piece of text, in order; steps that encode change `text`. `first`: the piece
  // begins the whole text. Throws PatternTooExpensive.
  std::vector<Word> Split(TokenizerText* text, bool first) const;

 private:
  struct Step {
    PreTokenizerStep options;
    std::vector<Pattern> pattern;  // one, where the step has one
  };
  std::vector<Step> steps_;
};

}  // namespace rsr
