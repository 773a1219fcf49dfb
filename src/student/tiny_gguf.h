// A GGUF file of a few kB for tests: a header with everything ReadGguf looks at and three tensors
// in three types. Not a model that llama.cpp could run.
#pragma once

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace rsr {

inline constexpr int64_t kTinyVocab = 40, kTinyWidth = 64;

// Values of the tensor with this index, before quantisation.
inline std::vector<float> TinyValues(size_t tensor, size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = std::sin(0.37f * static_cast<float>(i) + static_cast<float>(tensor));
  }
  return values;
}

struct TinyOptions {
  bool tensors = true, vocabulary = true;
  uint16_t parts = 0;  // split.count, if not 0
  ggml_type type = GGML_TYPE_Q4_1;
};

inline void WriteTinyGguf(const std::string& path, const TinyOptions& options = {}) {
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> file(gguf_init_empty(), gguf_free);
  gguf_set_val_str(file.get(), "general.architecture", "llama");
  gguf_set_val_str(file.get(), "general.name", "tiny");
  gguf_set_val_u32(file.get(), "llama.block_count", 2);
  gguf_set_val_u32(file.get(), "llama.context_length", 128);
  gguf_set_val_u32(file.get(), "llama.embedding_length", kTinyWidth);
  gguf_set_val_u32(file.get(), "llama.attention.head_count", 4);
  gguf_set_val_u32(file.get(), "llama.attention.head_count_kv", 2);
  gguf_set_val_str(file.get(), "tokenizer.ggml.model", "gpt2");
  gguf_set_val_str(file.get(), "tokenizer.ggml.pre", "smollm");
  gguf_set_val_str(file.get(), "tokenizer.chat_template", "{{ messages }}");
  if (options.parts != 0) gguf_set_val_u16(file.get(), "split.count", options.parts);
  if (options.vocabulary) {
    std::vector<std::string> tokens;
    std::vector<const char*> pointers;
    for (int i = 0; i < kTinyVocab; ++i) tokens.push_back(fmt::format("t{}", i));
    for (const std::string& token : tokens) pointers.push_back(token.c_str());
    gguf_set_arr_str(file.get(), "tokenizer.ggml.tokens", pointers.data(), pointers.size());
  }
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> memory(
      ggml_init({size_t{1} << 20, nullptr, false}), ggml_free);
  if (options.tensors) {
    const auto add = [&](const char* name, ggml_type type, int64_t columns, int64_t rows) {
      ggml_tensor* tensor = ggml_new_tensor_2d(memory.get(), type, columns, rows);
      ggml_set_name(tensor, name);
      const auto values = TinyValues(static_cast<size_t>(gguf_get_n_tensors(file.get())),
                                     static_cast<size_t>(columns * rows));
      ggml_quantize_chunk(type, values.data(), tensor->data, 0, rows, columns, nullptr);
      gguf_add_tensor(file.get(), tensor);
    };
    add("token_embd.weight", options.type, kTinyWidth, kTinyVocab);
    add("output_norm.weight", GGML_TYPE_F32, kTinyWidth, 1);
    add("blk.0.ffn_gate_inp.weight", GGML_TYPE_F16, kTinyWidth, 3);
  }
  gguf_write_to_file(file.get(), path.c_str(), false);
}

}  // namespace rsr
