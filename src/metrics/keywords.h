// Keywords of LIMO's rules (arXiv 2502.03387) counted in text that comes in pieces: an automaton
// over bytes whose state is one small number.
#pragma once

#include <cstdint>
#include <string_view>

namespace rsr {

struct KeywordCounts {
  int64_t check = 0;      // check, verify
  int64_t perhaps = 0;    // perhaps, might
  int64_t therefore = 0;  // therefore, since

  bool any() const { return check + perhaps + therefore > 0; }
};

// States: a word may begin here; inside a word that is none of the keywords. The others are proper
// or whole beginnings of keywords.
inline constexpr uint8_t kWordBoundary = 0, kOtherWord = 1;

// Reads on from `state` and adds each keyword that ends. A word is a longest run of ASCII letters,
// in either case; the last word of a text ends with EndKeywords.
uint8_t ReadKeywords(std::string_view text, uint8_t state, KeywordCounts* counts);
void EndKeywords(uint8_t state, KeywordCounts* counts);

}  // namespace rsr
