#include "text/llama_vocabulary.h"

#include <fmt/format.h>
#include <llama.h>

#include <algorithm>

#include "rsr/error.h"
#include "student/ggml_log.h"
#include "text/mask.h"

namespace rsr {
namespace {

constexpr int64_t kLongestRun = 8192;

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

void CheckRuns(const std::string& text) {
  int64_t run = 0;
  bool space_before = false;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    run = space == space_before ? run + 1 : 1;
    space_before = space;
    if (run > kLongestRun) {
      throw RowError{"tokenizer-limit",
                     fmt::format("more than {} bytes {} white space: more than this student's "
                                 "tokenizer can take",
                                 kLongestRun, space ? "of" : "without")};
    }
  }
}

}  // namespace

void LlamaVocabulary::ModelDeleter::operator()(llama_model* model) const {
  llama_model_free(model);
}

LlamaVocabulary::LlamaVocabulary(const std::string& gguf_path) {
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
  for (int32_t id = 0; id < size(); ++id) pieces_.push_back(PieceOf(vocab_, id));
}

int32_t LlamaVocabulary::size() const { return llama_vocab_n_tokens(vocab_); }
std::string LlamaVocabulary::Piece(int32_t id) const { return pieces_[id]; }
bool LlamaVocabulary::IsControl(int32_t id) const { return llama_vocab_is_control(vocab_, id); }

Tokens LlamaVocabulary::Tokenize(const std::string& text) const {
  CheckRuns(text);
  Tokens out;
  std::vector<int32_t>& ids = out.ids;
  ids.resize(text.size() / 2 + 16);
  int count =
      llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()), ids.data(),
                     static_cast<int>(ids.size()), /*add_special=*/false, /*parse_special=*/true);
  if (count < 0) {
    ids.resize(static_cast<size_t>(-count));
    count = llama_tokenize(vocab_, text.data(), static_cast<int>(text.size()), ids.data(),
                           static_cast<int>(ids.size()), false, true);
  }
  ids.resize(static_cast<size_t>(std::max(count, 0)));
  size_t at = 0;
  for (const int32_t id : ids) {
    out.begins.push_back(static_cast<int64_t>(at));
    const std::string& piece = pieces_[id];
    // Some vocabularies put a space of their own in front of the text.
    const bool added_space = at == 0 && piece.starts_with(' ') && !text.starts_with(' ');
    const std::string_view bytes = std::string_view(piece).substr(added_space ? 1 : 0);
    if (text.compare(at, bytes.size(), bytes) != 0) {
      throw RowError{"tokenizer-mismatch",
                     fmt::format("the tokens do not spell the rendered text from byte {}: the "
                                 "tokenizer changes text",
                                 at)};
    }
    at += bytes.size();
  }
  if (at != text.size()) {
    throw RowError{"tokenizer-mismatch",
                   fmt::format("the tokens end at byte {} of {}", at, text.size())};
  }
  out.begins.push_back(static_cast<int64_t>(at));
  return out;
}

}  // namespace rsr
