// The regular expressions of published pre-tokenizers, over code points, as Oniguruma (which
// transformers' tokenizers use) reads them.
//
// Goals: exact Unicode classes; bounded stack and time on any text (std::regex overflows the stack
// on a long run of letters). Not goals: captures, back-references, lazy quantifiers, look-behind,
// scripts: a pattern with one of those is refused by name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rsr {

// Threading: const methods may run on several threads at once.
class Pattern {
 public:
  explicit Pattern(std::string_view source);      // UTF-8; throws rsr::Error naming what it lacks
  static Pattern Literal(std::string_view text);  // matches `text` and nothing else
  Pattern(Pattern&&) noexcept;
  ~Pattern();

  // Leftmost matches of text[from, to) that are not empty, in order; nothing outside that range is
  // looked at. Throws PatternTooExpensive.
  void FindAll(std::u32string_view text, size_t from, size_t to,
               const std::function<void(size_t begin, size_t end)>& match) const;

 private:
  struct Impl;
  explicit Pattern(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A text on which a pattern backtracks without end, or too deep.
struct PatternTooExpensive {
  size_t begin;  // code point at which it gave up
};

}  // namespace rsr
