// Untrusted text made fit for a terminal.
#pragma once

#include <cstdint>
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

// True if `text` ends inside a UTF-8 character whose remaining bytes could still follow.
bool EndsInsideCharacter(std::string_view text);

// What could drive a terminal or reorder its text is shown instead of sent: `\n` `\t` `\r`, `\x1b`
// for other control characters and for bytes that are not UTF-8, `\u202e` for direction marks.
// Everything else is unchanged.
std::string EscapeControls(std::string_view text);

// Terminal cells: 0 for combining marks and joiners, 2 for East Asian wide characters and emoji,
// else 1.
int DisplayWidth(std::string_view text);

}  // namespace rsr
