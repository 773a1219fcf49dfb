#include "text/vocabulary.h"

#include <fmt/format.h>
#include <llama.h>

#include <algorithm>

#include "base/hash.h"
#include "rsr/error.h"
#include "student/ggml_log.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

std::string PieceOf(const llama_vocab* vocab, int32_t id) {
  std::string piece(64, '\0');
  int length =
      llama_token_to_piece(vocab, id, piece.data(), static_cast<int>(piece.size()), 0, true);
  if (length < 0) {
    piece.resize(static_cast<size_t>(-length));
    length = llama_token_to_piece(vocab, id, piece.data(), static_cast<int>(piece.size()), 0, true);
  }
  piece.resize(static_cast<size_t>(std::max(length, 0)));
  return piece;
}

}  // namespace

void Vocabulary::ModelDeleter::operator()(llama_model* model) const { llama_model_free(model); }

Vocabulary::Vocabulary(const std::string& gguf_path) {
  const GgufInfo info = ReadGguf(gguf_path);  // checks the header before llama.cpp sees it
  CatchGgmlMessages();
  llama_model_params params = llama_model_default_params();
  params.vocab_only = true;
  model_.reset(llama_model_load_from_file(gguf_path.c_str(), params));
  if (model_ == nullptr) {
    throw Error(fmt::format("{}: llama.cpp cannot read this file's vocabulary: {}", gguf_path,
                            TakeGgmlMessages()),
                "its tokenizer may be newer than the llama.cpp rsr is built with");
  }
  vocab_ = llama_model_get_vocab(model_.get());
  const int32_t size = llama_vocab_n_tokens(vocab_);
  pieces_.reserve(static_cast<size_t>(size));
  control_.reserve(static_cast<size_t>(size));
  std::string all;
  for (int32_t id = 0; id < size; ++id) {
    pieces_.push_back(PieceOf(vocab_, id));
    control_.push_back(llama_vocab_is_control(vocab_, id));
    all +=
        fmt::format("{}:{}:{}\n", control_.back() ? 1 : 0, pieces_.back().size(), pieces_.back());
  }
  all += info.pre_tokenizer;
  hash_ = HashBytes(all);
  const auto text_of = [&](llama_token id) {
    return id < 0 || id >= size ? std::string() : pieces_[id];
  };
  bos_ = text_of(llama_vocab_bos(vocab_));
  eos_ = text_of(llama_vocab_eos(vocab_));
  context_length_ = info.context_length;
  chat_template_ = info.chat_template;
}

Vocabulary::~Vocabulary() = default;

std::vector<int32_t> Vocabulary::Tokenize(const std::string& text) const {
  std::vector<int32_t> ids(text.size() / 2 + 16);
  int count =
      llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()), ids.data(),
                     static_cast<int>(ids.size()), /*add_special=*/false, /*parse_special=*/true);
  if (count < 0) {
    ids.resize(static_cast<size_t>(-count));
    count = llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()), ids.data(),
                           static_cast<int>(ids.size()), false, true);
  }
  ids.resize(static_cast<size_t>(std::max(count, 0)));
  return ids;
}

std::vector<std::string> Vocabulary::EndTokens() const {
  std::vector<std::string> texts;
  for (int32_t id = 0; id < size(); ++id) {
    if (llama_vocab_is_eog(vocab_, id)) texts.push_back(pieces_[id]);
  }
  return texts;
}

}  // namespace rsr
