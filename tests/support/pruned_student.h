// The demo student with fewer layers and another context length: same vocabulary and width, a
// fraction of the time.
#pragma once

#include <ggml.h>
#include <gguf.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace rsr {

// Writes a GGUF of the first `layers` layers of `source` to `path`.
inline void WritePrunedStudent(const std::string& source, const std::string& path, uint32_t layers,
                               uint32_t context_length) {
  ggml_context* tensors = nullptr;
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> from(
      gguf_init_from_file(source.c_str(), {.no_alloc = false, .ctx = &tensors}), gguf_free);
  if (from == nullptr) throw std::runtime_error("cannot read " + source);
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> data(tensors, ggml_free);
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> to(gguf_init_empty(), gguf_free);
  gguf_set_kv(to.get(), from.get());
  gguf_set_val_u32(to.get(), "llama.block_count", layers);
  gguf_set_val_u32(to.get(), "llama.context_length", context_length);
  for (ggml_tensor* t = ggml_get_first_tensor(tensors); t != nullptr;
       t = ggml_get_next_tensor(tensors, t)) {
    unsigned layer = 0;
    if (std::sscanf(t->name, "blk.%u.", &layer) == 1 && layer >= layers) continue;
    gguf_add_tensor(to.get(), t);
  }
  if (!gguf_write_to_file(to.get(), path.c_str(), false))
    throw std::runtime_error("cannot write " + path);
}

}  // namespace rsr
