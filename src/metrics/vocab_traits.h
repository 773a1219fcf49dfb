// What metrics of the text need of each vocabulary entry, found once per run, so that no fold looks
// at strings token by token.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rsr {

// Small, so that a vocabulary's stay in the cache.
struct TokenTraits {
  uint16_t chars = 0;  // Unicode code points that begin in it
  uint16_t words = 0;  // words that begin in it behind white space of its own
  // Keywords (text_counts.h): the state behind it when a word may begin with it, and when it goes
  // on with a word that is none.
  uint8_t state_from_boundary = 0, state_from_other = 0;
  bool keywords : 1 = false;      // a keyword is whole inside it, so its bytes must be read
  bool ends_word : 1 = false;     // begins with anything but an ASCII letter
  bool blank : 1 = true;          // nothing but white space (ASCII's six)
  bool begins_space : 1 = true;   // with white space; true for an empty one
  bool ends_space : 1 = true;     // likewise
  bool begins_blank : 1 = false;  // with ' '
  bool ends_step : 1 = false;     // a newline or ". " is in it
  bool ends_period : 1 = false;
};
static_assert(sizeof(TokenTraits) == 8);

class VocabTraits {
 public:
  VocabTraits() = default;
  explicit VocabTraits(std::vector<std::string> pieces);  // indexed by token id

  // An id outside the vocabulary (a damaged run) is an empty text.
  const TokenTraits& of(int32_t id) const { return traits_[Index(id)]; }
  std::string_view piece(int32_t id) const { return pieces_[Index(id)]; }

 private:
  size_t Index(int32_t id) const {
    return static_cast<uint32_t>(id) < pieces_.size() - 1 ? id : pieces_.size() - 1;
  }

  std::vector<std::string> pieces_ = {""};  // the last one is the empty text
  std::vector<TokenTraits> traits_ = {TokenTraits{}};
};

}  // namespace rsr
