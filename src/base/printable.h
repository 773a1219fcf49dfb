// Untrusted bytes as text that is safe to show: UTF-8 read code point by code point, nothing that
// could drive a terminal.
#pragma once

#include <string>
#include <string_view>

namespace rsr {

// One code point at the start of `text` (not empty) and the bytes it takes. Bytes that are not
// UTF-8 (stray, overlong, surrogate, cut short) come one at a time with `valid` false.
struct CodePoint {
  char32_t value = 0;
  size_t bytes = 1;
  bool valid = false;
};
CodePoint DecodeUtf8(std::string_view text);

// Number of bytes before the first one that is not valid UTF-8; the size if all are.
size_t ValidUtf8Prefix(std::string_view bytes);

// True if `text` ends inside a UTF-8 character whose remaining bytes could still follow.
bool EndsInsideCharacter(std::string_view text);

// What could drive a terminal or reorder its text is shown instead of sent: `\n` `\t` `\r`, `\x1b`
// for other control characters (those of C1 too) and for bytes that are not UTF-8, `\u202e` for
// line separators and direction marks. Everything else is unchanged.
std::string Printable(std::string_view bytes);

// Printable() of at most 60 bytes: of longer text the beginning and the end.
std::string Excerpt(std::string_view bytes);

}  // namespace rsr
