#include "tokenizer/added_tokens.h"

#include <algorithm>

namespace rsr {
namespace {

std::vector<std::u32string> Contents(const std::vector<const AddedToken*>& tokens) {
  std::vector<std::u32string> contents;
  for (const AddedToken* token : tokens) {
    contents.push_back(DecodeText(token->content, 0, token->content.size()).chars);
  }
  return contents;
}

}  // namespace

AddedTokens::AddedTokens(const std::vector<const AddedToken*>& tokens)
    : AddedTokens(tokens, Contents(tokens)) {}

AddedTokens::AddedTokens(const std::vector<const AddedToken*>& tokens,
                         std::vector<std::u32string> contents)
    : nodes_(1) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (contents[i].empty()) continue;
    uint32_t node = 0;
    for (const char32_t c : contents[i]) {
      const auto [child, fresh] =
          nodes_[node].children.emplace(c, static_cast<uint32_t>(nodes_.size()));
      node = child->second;
      if (fresh) nodes_.emplace_back();
    }
    if (nodes_[node].token == nullptr) nodes_[node].token = tokens[i];
  }
}

void AddedTokens::Split(const std::u32string& text,
                        const std::function<void(size_t, size_t, const AddedToken*)>& piece) const {
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    const AddedToken* token = nullptr;
    size_t end = at;
    uint32_t node = 0;
    for (size_t i = at; i < text.size(); ++i) {
      const auto child = nodes_[node].children.find(text[i]);
      if (child == nodes_[node].children.end()) break;
      node = child->second;
      if (nodes_[node].token != nullptr) {
        token = nodes_[node].token;
        end = i + 1;
      }
    }
    if (token == nullptr) {
      ++at;
      continue;
    }
    const size_t match_end = end;
    size_t begin = at;
    at = match_end;
    if (token->single_word &&
        ((begin > 0 && IsWord(text[begin - 1])) || (end < text.size() && IsWord(text[end])))) {
      continue;
    }
    if (token->lstrip) {
      while (begin > done && IsWhiteSpace(text[begin - 1])) --begin;
    }
    if (token->rstrip) {
      while (end < text.size() && IsWhiteSpace(text[end])) ++end;
    }
    if (begin < done) begin = done;  // a token of white space that rstrip took
    if (done < begin) piece(done, begin, nullptr);
    piece(begin, std::max(begin, end), token);
    done = std::max(done, end);
  }
  if (done < text.size()) piece(done, text.size(), nullptr);
}

}  // namespace rsr
