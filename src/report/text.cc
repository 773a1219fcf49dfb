#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace rsr {
namespace {

// Bytes of the character that `lead` starts, 0 if none can start so. 0xC0, 0xC1 and 0xF5 and above
// are never UTF-8.
size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// C0, DEL and C1 controls, line and paragraph separators, and the marks that change the direction
// of text.
bool IsControl(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

struct Range {
  char32_t first, last;
};

// The blocks that matter for tables, not the whole Unicode property: combining marks of the common
// scripts, joiners, variation selectors; and the East Asian wide and emoji blocks.
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F}, {0x093C, 0x093C},
    {0x0941, 0x0948}, {0x094D, 0x094D}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
                           {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                           {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                           {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <size_t n>
bool Contains(const Range (&ranges)[n], char32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

}  // namespace

CodePoint DecodeUtf8(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = SequenceLength(lead);
  if (length == 1) return {lead, 1, true};
  if (length == 0 || text.size() < length) return {lead, 1, false};
  char32_t value = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return {lead, 1, false};
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {lead, 1, false};
  return {value, length, true};
}

bool EndsInsideCharacter(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const char c = text[text.size() - back];
    if (!IsContinuation(c)) return SequenceLength(static_cast<unsigned char>(c)) > back;
  }
  return false;
}

std::string EscapeControls(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint c = DecodeUtf8(text);
    if (!c.valid || (IsControl(c.value) && c.value < 0x100)) {
      if (c.value == '\n') {
        out += "\\n";
      } else if (c.value == '\t') {
        out += "\\t";
      } else if (c.value == '\r') {
        out += "\\r";
      } else {
        out += fmt::format("\\x{:02x}", static_cast<uint32_t>(c.value));
      }
    } else if (IsControl(c.value)) {
      out += fmt::format("\\u{:04x}", static_cast<uint32_t>(c.value));
    } else {
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const CodePoint c = DecodeUtf8(text);
    width += Contains(kZeroWidth, c.value) ? 0 : Contains(kWide, c.value) ? 2 : 1;
    text.remove_prefix(c.bytes);
  }
  return width;
}

}  // namespace rsr
