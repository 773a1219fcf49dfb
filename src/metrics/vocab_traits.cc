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
  traits.blank = std::all_of(piece.begin(), piece.end(), IsSpace);
  traits.begin = kStepEnds | kHasToBeRead;
  traits.end = kHasToBeRead;
  if (piece.empty()) return traits;
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
                 bit(IsLetter(piece.front()), kKeywordGoesOn) | bit(whole.any(), kHasToBeRead);
  traits.end = bit(IsSpace(piece.back()), kWordBegins) |
               bit(piece.find('\n') != piece.npos || piece.find(". ") != piece.npos, kStepEnds) |
               bit(piece.back() == '.', kSentenceEnds) | bit(beginning, kKeywordGoesOn) |
               kHasToBeRead;
  return traits;
}

}  // namespace

VocabTraits::VocabTraits(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {
  pieces_.emplace_back();
  traits_.reserve(pieces_.size());
  for (const std::string& piece : pieces_) traits_.push_back(TraitsOf(piece));
}

std::unique_ptr<const TokenTraits[]> VocabTraits::of(const std::vector<int32_t>& ids) const {
  auto traits = std::make_unique_for_overwrite<TokenTraits[]>(ids.size());
  // Locals, which the stores below cannot change.
  const TokenTraits* all = traits_.data();
  const size_t last = traits_.size() - 1, n = ids.size();
  TokenTraits* to = traits.get();
  for (size_t k = 0; k < n; ++k) to[k] = all[std::min<size_t>(static_cast<uint32_t>(ids[k]), last)];
  return traits;
}

}  // namespace rsr
