#include "data/printable.h"

#include <fmt/format.h>

namespace rsr {
namespace {

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Length of the valid UTF-8 sequence at the beginning of non-empty `bytes`, 0 if there is none
// (Unicode, table 3-7).
size_t SequenceLength(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (first < 0x80) return 1;
  const size_t length = first < 0xC2   ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(bytes[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(bytes[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

size_t ValidUtf8Prefix(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const size_t length = SequenceLength(bytes.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

std::string Printable(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const size_t valid = SequenceLength(bytes);
    const size_t length = valid == 0 ? 1 : valid;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const bool c1 = valid == 2 && first == 0xC2 && static_cast<unsigned char>(bytes[1]) < 0xA0;
    if (first == '\n') {
      text += "\\n";
    } else if (first == '\t') {
      text += "\\t";
    } else if (first == '\r') {
      text += "\\r";
    } else if (valid == 0 || first < 0x20 || first == 0x7F || c1) {
      for (const char byte : bytes.substr(0, length)) {
        text += fmt::format("\\x{:02X}", static_cast<unsigned char>(byte));
      }
    } else {
      text += bytes.substr(0, length);
    }
    bytes.remove_prefix(length);
  }
  return text;
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
