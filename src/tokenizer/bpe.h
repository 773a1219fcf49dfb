// Byte-pair merges within a word, as Hugging Face's BPE model does them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/definition.h"

namespace rsr {

// Threading: const methods may run on several threads at once.
class Bpe {
 public:
  // Throws rsr::Error: byte fallback without all 256 byte tokens, a merge whose result is no token.
  explicit Bpe(const TokenizerDefinition& definition);

  struct Symbol {
    int32_t id;
    uint32_t begin;  // code point of the text at which the token begins
    uint32_t byte;   // of that code point, for byte-fallback tokens
  };
  // Appends the tokens of the word text[begin, end).
  void Encode(std::u32string_view text, size_t begin, size_t end, std::vector<Symbol>* out) const;

  // The token with this text, or -1.
  int32_t Find(std::string_view token) const;

 private:
  struct Merge {
    int32_t rank, result;
  };
  void Seed(std::u32string_view text, size_t begin, size_t end, std::vector<Symbol>* out) const;
  const Merge* FindMerge(int32_t left, int32_t right) const;
  int32_t OfChar(char32_t c) const;

  std::unordered_map<std::string, int32_t> ids_;
  std::unordered_map<uint64_t, Merge> merges_;
  std::vector<int32_t> of_char_;  // below 0x3000: the token of that one character
  std::vector<int32_t> of_byte_;  // <0xNN>
  bool ignore_merges_, fuse_unk_;
  int32_t unk_;
};

}  // namespace rsr
