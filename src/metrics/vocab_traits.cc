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

TokenTraits TraitsOf(std::string_view piece) {
  TokenTraits traits;
  KeywordCounts whole;
  traits.state_from_boundary = ReadKeywords(piece, kWordBoundary, &whole);
  traits.state_from_other = ReadKeywords(piece, kOtherWord, &whole);
  traits.keywords = whole.any();
  if (piece.empty()) return traits;
  const char first = static_cast<char>(piece.front() | 0x20);
  traits.ends_word = first < 'a' || first > 'z';
  size_t chars = 0, words = 0;
  for (size_t i = 0; i < piece.size(); ++i) {
    chars += (piece[i] & 0xC0) != 0x80;
    words += i > 0 && IsSpace(piece[i - 1]) && !IsSpace(piece[i]);
  }
  traits.chars = Small(chars);
  traits.words = Small(words);
  traits.blank = std::all_of(piece.begin(), piece.end(), IsSpace);
  traits.begins_space = IsSpace(piece.front());
  traits.ends_space = IsSpace(piece.back());
  traits.begins_blank = piece.front() == ' ';
  traits.ends_step = piece.find('\n') != piece.npos || piece.find(". ") != piece.npos;
  traits.ends_period = piece.back() == '.';
  return traits;
}

}  // namespace

VocabTraits::VocabTraits(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {
  pieces_.emplace_back();
  traits_.clear();
  traits_.reserve(pieces_.size());
  for (const std::string& piece : pieces_) traits_.push_back(TraitsOf(piece));
}

}  // namespace rsr
