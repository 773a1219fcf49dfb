#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>

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

std::string Escaped(char32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '\r') return "\\r";
  const auto number = static_cast<uint32_t>(c);
  return c < 0x100 ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{:04x}", number);
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

size_t ValidUtf8Prefix(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const CodePoint c = DecodeUtf8(bytes.substr(at));
    if (!c.valid) break;
    at += c.bytes;
  }
  return at;
}

bool EndsInsideCharacter(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const char c = text[text.size() - back];
    if (!IsContinuation(c)) return SequenceLength(static_cast<unsigned char>(c)) > back;
  }
  return false;
}

std::string Printable(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const CodePoint c = DecodeUtf8(bytes);
    if (c.valid && !IsControl(c.value)) {
      out += bytes.substr(0, c.bytes);
    } else {
      out += Escaped(c.value);
    }
    bytes.remove_prefix(c.bytes);
  }
  return out;
}

std::string Excerpt(std::string_view bytes) {
  constexpr size_t kHead = 40, kTail = 17;
  if (bytes.size() <= kHead + 3 + kTail) return Printable(bytes);
  // Neither cut may fall into a character.
  size_t head = kHead, tail = bytes.size() - kTail;
  while (head > kHead - 3 && IsContinuation(bytes[head])) --head;
  while (tail < bytes.size() - kTail + 3 && IsContinuation(bytes[tail])) ++tail;
  return Printable(bytes.substr(0, head)) + "..." + Printable(bytes.substr(tail));
}

}  // namespace rsr
