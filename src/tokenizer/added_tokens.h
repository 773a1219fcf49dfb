// Finds added tokens in text, as Hugging Face's AddedVocabulary does: leftmost, then longest.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tokenizer/definition.h"
#include "tokenizer/text.h"

namespace rsr {

// Threading: const methods may run on several threads at once.
class AddedTokens {
 public:
  explicit AddedTokens(const std::vector<const AddedToken*>& tokens);  // they must outlive it
  // The same tokens, their contents as `contents` (normalized).
  AddedTokens(const std::vector<const AddedToken*>& tokens, std::vector<std::u32string> contents);

  // Calls `piece(begin, end, token)` for every part of the text in order, `token` null for text
  // between tokens. Parts are not empty; lstrip and rstrip make a token's part longer than it.
  void Split(const std::u32string& text,
             const std::function<void(size_t begin, size_t end, const AddedToken*)>& piece) const;

 private:
  struct Node {
    std::unordered_map<char32_t, uint32_t> children;
    const AddedToken* token = nullptr;
  };
  std::vector<Node> nodes_;
};

}  // namespace rsr
