// Text as tokenizers work on it: code points, each with the byte of the original text it came from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rsr {

// `begin` has one entry a code point and one more for the end; it never decreases. Steps that
// change the text (normalizers, byte-level encoding) keep it, so that every token knows its bytes.
struct TokenizerText {
  std::u32string chars;
  std::vector<uint32_t> begin;

  void Add(char32_t c, uint32_t at) {
    chars.push_back(c);
    begin.push_back(at);
  }
  void End(uint32_t at) { begin.push_back(at); }
};

// The first code point of `bytes`, which are not empty, and its length. A byte that is no UTF-8 is
// U+FFFD.
size_t DecodeChar(std::string_view bytes, char32_t* c);
// Decodes [from, to) of `bytes`.
TokenizerText DecodeText(std::string_view bytes, size_t from, size_t to);

void AppendUtf8(char32_t c, std::string* out);
std::string ToUtf8(std::u32string_view chars);

bool IsWhiteSpace(char32_t c);     // Unicode's White_Space
bool IsWord(char32_t c);           // \w: letters, marks, decimal digits, connectors
bool IsPunctuation(char32_t c);    // general category P, and all of ASCII's
uint32_t CategoryBit(char32_t c);  // 1 << utf8proc's number of the general category
// Bits of "L", "Lu", "N" ...; 0 if there is no such category.
uint32_t CategoryMask(std::string_view name);
char32_t FoldCase(char32_t c);

// Unicode normal form C.
bool BeginsSegment(char32_t c);  // it never looks across the place before this character
TokenizerText NormalizeC(TokenizerText text);

// GPT-2's printable stand-in for a byte, and back (-1: not one of the 256).
char32_t ByteToChar(uint8_t byte);
int CharToByte(char32_t c);

}  // namespace rsr
