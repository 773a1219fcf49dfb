// How many tokens a text has at the least, without tokenizing it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/definition.h"

namespace rsr {

// Counts the characters that no step of a tokenizer drops, and divides by the most of them that a
// token stands for.
class LeastTokens {
 public:
  // `normalized`: texts of added tokens as they are looked for in normalized text.
  LeastTokens(const TokenizerDefinition& definition, const std::vector<std::u32string>& normalized);

  // 0 for a tokenizer that may drop text other than white space, or join any amount of it.
  int64_t Of(std::string_view text) const;

 private:
  int64_t most_in_token_ = 0;  // characters that count; 0: no bound
};

}  // namespace rsr
