// A copy of a student's GGUF file with something changed.
#pragma once

#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace rsr {

struct StudentChange {
  uint32_t layers = 0;                     // keep only the first so many; 0: all
  uint32_t context_length = 0;             // 0: as it is
  std::string pre_tokenizer;               // empty: as it is
  std::map<uint32_t, std::string> tokens;  // these token ids get another text
  std::string eos;                         // the token with this text; empty: as it is
};

// Gives tokens another text: a vocabulary file's reserved ids the names a chat template uses.
inline void RenameTokens(gguf_context* file, const StudentChange& change) {
  const int64_t key = gguf_find_key(file, "tokenizer.ggml.tokens");
  std::vector<std::string> tokens;
  for (size_t i = 0; i < gguf_get_arr_n(file, key); ++i)
    tokens.emplace_back(gguf_get_arr_str(file, key, i));
  for (const auto& [id, text] : change.tokens) tokens.at(id) = text;
  std::vector<const char*> texts;
  for (const std::string& token : tokens) texts.push_back(token.c_str());
  gguf_set_arr_str(file, "tokenizer.ggml.tokens", texts.data(), texts.size());
  if (change.eos.empty()) return;
  const auto eos = std::find(tokens.begin(), tokens.end(), change.eos);
  if (eos == tokens.end()) throw std::runtime_error("no token " + change.eos);
  gguf_set_val_u32(file, "tokenizer.ggml.eos_token_id",
                   static_cast<uint32_t>(eos - tokens.begin()));
}

inline void WriteChangedStudent(const std::string& source, const std::string& path,
                                const StudentChange& change) {
  ggml_context* tensors = nullptr;
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> from(
      gguf_init_from_file(source.c_str(), {.no_alloc = false, .ctx = &tensors}), gguf_free);
  if (from == nullptr) throw std::runtime_error("cannot read " + source);
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> data(tensors, ggml_free);
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> to(gguf_init_empty(), gguf_free);
  gguf_set_kv(to.get(), from.get());
  if (change.layers != 0) gguf_set_val_u32(to.get(), "llama.block_count", change.layers);
  if (change.context_length != 0)
    gguf_set_val_u32(to.get(), "llama.context_length", change.context_length);
  if (!change.pre_tokenizer.empty())
    gguf_set_val_str(to.get(), "tokenizer.ggml.pre", change.pre_tokenizer.c_str());
  if (!change.tokens.empty() || !change.eos.empty()) RenameTokens(to.get(), change);
  for (ggml_tensor* t = ggml_get_first_tensor(tensors); t != nullptr;
       t = ggml_get_next_tensor(tensors, t)) {
    if (gguf_find_tensor(from.get(), t->name) < 0)
      continue;  // the block that holds the others' bytes
    unsigned layer = 0;
    if (change.layers != 0 && std::sscanf(t->name, "blk.%u.", &layer) == 1 &&
        layer >= change.layers)
      continue;
    gguf_add_tensor(to.get(), t);
  }
  // A vocabulary file becomes one that can be opened: with a tensor, if only a token one.
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> token(
      ggml_init({size_t{1} << 12, nullptr, false}), ggml_free);
  if (gguf_get_n_tensors(to.get()) == 0) {
    ggml_tensor* norm = ggml_new_tensor_1d(token.get(), GGML_TYPE_F32, 1);
    ggml_set_name(norm, "output_norm.weight");
    gguf_add_tensor(to.get(), norm);
  }
  if (!gguf_write_to_file(to.get(), path.c_str(), false))
    throw std::runtime_error("cannot write " + path);
}

}  // namespace rsr
