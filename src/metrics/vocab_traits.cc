#include "metrics/vocab_traits.h"

#include <algorithm>
#include <limits>

#include "metrics/keywords.h"

namespace rsr {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

uint16_t Small(size_t n) {
  return static_cast<uint16_t>(std::min<size_t>(n, std::numeric_limits<uint16_t>::max()));
}

bool IsLetter(char c) {
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'z';
}

TokenTraits TraitsOf(std::string_view piece) {
  TokenTraits traits = {};
  traits.empty = piece.empty();
  traits.begin = kStepEnds | kBlank;
  traits.end = kAlways;
  traits.passes_on = kWordBegins | kKeywordGoesOn;
  if (piece.empty()) return traits;
  traits.passes_on = 0;
  size_t chars = 0, words = 0;
  for (size_t i = 0; i < piece.size(); ++i) {
    chars += (piece[i] & 0xC0) != 0x80;
    words += i > 0 && IsSpace(piece[i - 1]) && !IsSpace(piece[i]);
  }
  traits.chars = Small(chars);
  traits.words = Small(words);
  traits.ends_in_letter = IsLetter(piece.back());

  KeywordCounts whole;
  const uint8_t state = ReadKeywords(piece, kWordBoundary, &whole);
  const bool beginning = state > kOtherWord;
  EndKeywords(state, &whole);
  const auto bit = [](bool is, Meeting meeting) { return is ? meeting : 0; };
  traits.begin = bit(!IsSpace(piece.front()), kWordBegins) | kStepEnds |
                 bit(piece.front() == ' ', kSentenceEnds) |
                 bit(IsLetter(piece.front()), kKeywordGoesOn) | bit(whole.any(), kHasToBeRead) |
                 bit(std::all_of(piece.begin(), piece.end(), IsSpace), kBlank);
  traits.end = bit(IsSpace(piece.back()), kWordBegins) |
               bit(piece.find('\n') != piece.npos || piece.find(". ") != piece.npos, kStepEnds) |
               bit(piece.back() == '.', kSentenceEnds) | bit(beginning, kKeywordGoesOn) | kAlways;
  return traits;
}

}  // namespace

VocabTraits::VocabTraits(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {
  pieces_.emplace_back();
  traits_.reserve(pieces_.size());
  for (const std::string& piece : pieces_) traits_.push_back(TraitsOf(piece));
}

}  // namespace rsr
