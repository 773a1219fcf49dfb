// What metrics of the text need of each vocabulary entry, found once per run, so that no fold looks
// at strings token by token.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rsr {

// What happens where two tokens meet is what the first one's `end` and the second one's `begin`
// have in common.
enum Meeting : uint8_t {
  kWordBegins = 1,     // white space before anything else
  kStepEnds = 2,       // the first holds a newline or ". "
  kSentenceEnds = 4,   // "." before " "
  kKeywordGoesOn = 8,  // a beginning of a keyword (keywords.h) before an ASCII letter
  kHasToBeRead = 16,   // a keyword is whole inside the second
  kBlank = 32,         // the second is nothing but white space (ASCII's six)
  kStepHead = 64,      // of TextMarks alone: the second is one of the first two of a step

  kAlways = kHasToBeRead | kBlank,  // these depend on the second alone
  kStretchBegins = kAlways | kWordBegins | kStepEnds,
};

// Small, so that a vocabulary's stay in the cache.
struct TokenTraits {
  uint16_t chars;      // Unicode code points that begin in it
  uint16_t words;      // words that begin in it behind white space of its own
  uint8_t begin, end;  // of Meeting
  uint8_t passes_on;   // of an empty token: what is as if it were not there; else nothing
  bool empty : 1;
  bool ends_in_letter : 1;  // ASCII
};
static_assert(sizeof(TokenTraits) == 8);

class VocabTraits {
 public:
  explicit VocabTraits(std::vector<std::string> pieces = {});  // indexed by token id

  // Valid while the vocabulary is.
  struct Table {
    const TokenTraits* traits;
    size_t last;
    const TokenTraits& of(int32_t id) const {
      return traits[std::min<size_t>(static_cast<uint32_t>(id), last)];
    }
  };
  Table table() const { return {traits_.data(), traits_.size() - 1}; }

  // An id outside the vocabulary (a damaged run) is an empty text.
  const TokenTraits& of(int32_t id) const { return table().of(id); }
  std::string_view piece(int32_t id) const { return pieces_[&of(id) - traits_.data()]; }

 private:
  std::vector<std::string> pieces_;  // the last one is the empty text
  std::vector<TokenTraits> traits_;
};

}  // namespace rsr
