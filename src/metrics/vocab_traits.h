// What metrics of the text need of each vocabulary entry, found once per run, so that no fold looks
// at strings token by token.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
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
  kHasToBeRead = 16,   // the second is empty, or a keyword is whole inside it
};

// Small, so that a vocabulary's stay in the cache.
struct TokenTraits {
  uint16_t chars;      // Unicode code points that begin in it
  uint16_t words;      // words that begin in it behind white space of its own
  uint8_t begin, end;  // of Meeting
  bool empty : 1;
  bool blank : 1;           // nothing but white space (ASCII's six)
  bool ends_in_letter : 1;  // ASCII
};
static_assert(sizeof(TokenTraits) == 8);

class VocabTraits {
 public:
  explicit VocabTraits(std::vector<std::string> pieces = {});  // indexed by token id

  // An id outside the vocabulary (a damaged run) is an empty text.
  TokenTraits of(int32_t id) const { return traits_[Index(id)]; }
  // Of each of them, in one go: the processor then waits for memory less than token by token.
  std::unique_ptr<const TokenTraits[]> of(const std::vector<int32_t>& ids) const;
  std::string_view piece(int32_t id) const { return pieces_[Index(id)]; }

 private:
  size_t Index(int32_t id) const {
    return std::min<size_t>(static_cast<uint32_t>(id), traits_.size() - 1);
  }

  std::vector<std::string> pieces_;  // the last one is the empty text
  std::vector<TokenTraits> traits_;
};

}  // namespace rsr
