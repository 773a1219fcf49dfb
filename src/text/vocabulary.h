// A student's tokenizer and what its files say about text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace rsr {

// Threading: const methods may run on several threads at once.
class Vocabulary {
 public:
  // `student`: a GGUF file, a Hugging Face directory, or org/name of one in the local cache. Throws
  // rsr::Error.
  explicit Vocabulary(const std::string& student);
  ~Vocabulary();

  // The whole text, special-token look-alikes as the special tokens, nothing added in front or
  // behind. Throws RowError (mask.h): tokenizer-mismatch, tokenizer-limit.
  Tokens Tokenize(const std::string& text) const;

  // How many tokens that gives at the least, found at once; 0: not known.
  int64_t LeastTokensOf(const std::string& text) const;

  int32_t size() const { return static_cast<int32_t>(pieces_.size()); }
  const std::string& piece(int32_t id) const {
    return pieces_[id];
  }  // bytes; special tokens as their text
  bool is_control(int32_t id) const { return control_[id]; }
  std::string bos() const { return SpecialToken("bos_token"); }  // text, or empty
  std::string eos() const { return SpecialToken("eos_token"); }
  // `bos_token`, `pad_token` ... and their texts, as templates see them.
  const std::vector<std::pair<std::string, std::string>>& special_tokens() const {
    return special_tokens_;
  }
  const std::string& hash() const { return hash_; }
  int64_t context_length() const { return context_length_; }
  const std::string& chat_template() const { return chat_template_; }  // of the model; empty: none

  // Texts of the tokens with which a model may end its turn.
  const std::vector<std::string>& EndTokens() const { return end_tokens_; }

 private:
  class Llama;
  void OpenGguf(const std::string& path);
  void OpenDirectory(const std::string& path);
  void TakePieces();
  void TakeEndTokens(const std::vector<int64_t>& more);
  std::string SpecialToken(const std::string& name) const;

  std::unique_ptr<Tokenizer> tokenizer_;  // one of these two
  std::unique_ptr<Llama> llama_;          // for GGUF files of families that tokenizer_ lacks
  std::vector<std::string> pieces_;
  std::vector<bool> control_;
  std::vector<std::pair<std::string, std::string>> special_tokens_;
  std::vector<std::string> end_tokens_;
  std::string hash_, chat_template_;
  int64_t context_length_ = 0;
  int64_t embedded_ = 0;  // ids from here on have no row in the embedding; 0: all have one
};

}  // namespace rsr
