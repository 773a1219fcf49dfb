// A student's tokenizer, by llama.cpp's vocabulary code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct llama_model;
struct llama_vocab;

namespace rsr {

// Threading: const methods may run on several threads at once.
class Vocabulary {
 public:
  explicit Vocabulary(const std::string& gguf_path);  // throws rsr::Error
  ~Vocabulary();

  // The whole text, special-token look-alikes as the special tokens, nothing added in front or
  // behind.
  std::vector<int32_t> Tokenize(const std::string& text) const;

  int32_t size() const { return static_cast<int32_t>(pieces_.size()); }
  const std::string& piece(int32_t id) const {
    return pieces_[id];
  }  // bytes; special tokens as their text
  bool is_control(int32_t id) const { return control_[id]; }
  std::string bos() const { return bos_; }  // text, or empty
  std::string eos() const { return eos_; }
  const std::string& hash() const { return hash_; }
  int64_t context_length() const { return context_length_; }
  const std::string& chat_template() const { return chat_template_; }  // of the model; empty: none

  // Texts of the tokens with which a model may end its turn.
  std::vector<std::string> EndTokens() const;

 private:
  struct ModelDeleter {
    void operator()(llama_model* model) const;
  };
  std::unique_ptr<llama_model, ModelDeleter> model_;
  const llama_vocab* vocab_ = nullptr;
  std::vector<std::string> pieces_;
  std::vector<bool> control_;
  std::string bos_, eos_, hash_, chat_template_;
  int64_t context_length_ = 0;
};

}  // namespace rsr
