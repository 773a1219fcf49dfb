#include "metrics/keywords.h"

#include <array>

namespace rsr {
namespace {

constexpr std::array<std::string_view, 6> kKeywords = {"check", "verify",    "perhaps",
                                                       "might", "therefore", "since"};
// No two of them begin with the same letter, so a state is a keyword and a number of its letters.
constexpr uint8_t kLongest = 9;

uint8_t State(size_t keyword, size_t letters) {
  return static_cast<uint8_t>(2 + keyword * kLongest + letters - 1);
}

uint8_t Begin(char letter) {
  for (size_t k = 0; k < kKeywords.size(); ++k) {
    if (kKeywords[k][0] == letter) return State(k, 1);
  }
  return kOtherWord;
}

}  // namespace

void EndKeywords(uint8_t state, KeywordCounts* counts) {
  if (state <= kOtherWord) return;
  const size_t keyword = (state - 2) / kLongest, letters = (state - 2) % kLongest + 1;
  if (letters != kKeywords[keyword].size()) return;
  ++(keyword < 2 ? counts->check : keyword < 4 ? counts->perhaps : counts->therefore);
}

uint8_t ReadKeywords(std::string_view text, uint8_t state, KeywordCounts* counts) {
  for (const char c : text) {
    const char letter = static_cast<char>(c | 0x20);  // of an ASCII letter: its lower case
    if (letter < 'a' || letter > 'z') {
      EndKeywords(state, counts);
      state = kWordBoundary;
    } else if (state == kWordBoundary) {
      state = Begin(letter);
    } else if (state > kOtherWord) {
      const size_t keyword = (state - 2) / kLongest, letters = (state - 2) % kLongest + 1;
      const std::string_view word = kKeywords[keyword];
      state = letters < word.size() && word[letters] == letter ? State(keyword, letters + 1)
                                                               : kOtherWord;
    }
  }
  return state;
}

}  // namespace rsr
