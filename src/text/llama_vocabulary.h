// llama.cpp's vocabulary code, for GGUF files whose tokenizer is not one of ours.
#pragma once

#include <memory>
#include <string>

#include "tokenizer/tokenizer.h"

struct llama_model;
struct llama_vocab;

namespace rsr {

// Threading: const methods may run on several threads at once.
class LlamaVocabulary {
 public:
  explicit LlamaVocabulary(const std::string& gguf_path);  // throws rsr::Error

  // Throws RowError: "tokenizer-mismatch" if the tokens do not spell the text; "tokenizer-limit"
  // for a run of more than 8,192 characters without white space, or of it: llama.cpp's patterns
  // overflow the stack on long ones.
  Tokens Tokenize(const std::string& text) const;

  int32_t size() const;
  std::string Piece(int32_t id) const;
  bool IsControl(int32_t id) const;

 private:
  struct ModelDeleter {
    void operator()(llama_model* model) const;
  };
  std::unique_ptr<llama_model, ModelDeleter> model_;
  const llama_vocab* vocab_ = nullptr;
  std::vector<std::string> pieces_;
};

}  // namespace rsr
