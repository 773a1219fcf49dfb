// Text to token ids as transformers does it (add_special_tokens=False), for byte-pair vocabularies.
//
// Added tokens first, then normalizers, pre-tokenizer and merges on what lies between them. Every
// token knows the bytes of the text it stands for. Equality with transformers is tested on 10,000
// strings a family: docs/tokenizers.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/definition.h"

namespace rsr {

struct Tokens {
  std::vector<int32_t> ids;
  // First byte of each token in the text, and the text's size behind them; never decreasing. A
  // token that stands for no byte (a space that the tokenizer adds) begins where the next one does.
  std::vector<int64_t> begins;
};

// Threading: const methods may run on several threads at once.
class Tokenizer {
 public:
  explicit Tokenizer(TokenizerDefinition definition);  // throws rsr::Error
  ~Tokenizer();

  // Throws PatternTooExpensive (pattern.h).
  Tokens Encode(std::string_view text) const;

  // What Encode gives at the least, found at once; 0: not known (least_tokens.h).
  int64_t LeastTokensOf(std::string_view text) const;

  const TokenizerDefinition& definition() const;
  // The token's bytes; added tokens and unused ids as their text.
  std::string Piece(int32_t id) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rsr
