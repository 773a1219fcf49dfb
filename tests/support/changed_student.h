// A copy of a student's GGUF file with something changed.
#pragma once

#include <ggml.h>
#include <gguf.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace rsr {

struct StudentChange {
  uint32_t layers = 0;          // keep only the first so many; 0: all
  uint32_t context_length = 0;  // 0: as it is
  std::string pre_tokenizer;    // empty: as it is
};

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
  if (!gguf_write_to_file(to.get(), path.c_str(), false))
    throw std::runtime_error("cannot write " + path);
}

}  // namespace rsr
