// A student of any size with random weights and the vocabulary of another one.
#pragma once

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <cmath>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace rsr {

struct RandomStudent {  // of Llama's family, the output matrix tied to the embedding
  uint32_t layers = 0, width = 0, feed_forward = 0, heads = 0, kv_heads = 0, context_length = 0;
  uint32_t vocab = 0;  // filled up with tokens that no text has; 0: as many as `source` has
};

// Float32, so that the file is as large as the unpacked weights; widths are multiples of 8, so that
// no tensor needs padding.
inline void WriteRandomStudent(const std::string& source, const std::string& path,
                               const RandomStudent& size) {
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> from(
      gguf_init_from_file(source.c_str(), {.no_alloc = true, .ctx = nullptr}), gguf_free);
  if (from == nullptr) throw std::runtime_error("cannot read " + source);
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> to(gguf_init_empty(), gguf_free);
  gguf_set_kv(to.get(), from.get());
  const auto number = [&](const char* key, uint32_t value) {
    gguf_set_val_u32(to.get(), fmt::format("llama.{}", key).c_str(), value);
  };
  number("block_count", size.layers);
  number("embedding_length", size.width);
  number("feed_forward_length", size.feed_forward);
  number("attention.head_count", size.heads);
  number("attention.head_count_kv", size.kv_heads);
  number("rope.dimension_count", size.width / size.heads);
  number("context_length", size.context_length);

  const int64_t key = gguf_find_key(to.get(), "tokenizer.ggml.tokens");
  const int64_t types_key = gguf_find_key(to.get(), "tokenizer.ggml.token_type");
  std::vector<std::string> tokens;
  for (size_t i = 0; i < gguf_get_arr_n(to.get(), key); ++i) {
    tokens.emplace_back(gguf_get_arr_str(to.get(), key, i));
  }
  const auto* known = static_cast<const int32_t*>(gguf_get_arr_data(to.get(), types_key));
  std::vector<int32_t> types(known, known + tokens.size());
  constexpr int32_t kUnused = 5;
  for (uint32_t i = static_cast<uint32_t>(tokens.size()); i < size.vocab; ++i) {
    tokens.push_back(fmt::format("[unused{}]", i));
    types.push_back(kUnused);
  }
  std::vector<const char*> texts;
  for (const std::string& token : tokens) texts.push_back(token.c_str());
  gguf_set_arr_str(to.get(), "tokenizer.ggml.tokens", texts.data(), texts.size());
  gguf_set_arr_data(to.get(), "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(),
                    types.size());
  number("vocab_size", static_cast<uint32_t>(tokens.size()));

  const int64_t width = size.width, kv = width / size.heads * size.kv_heads;
  const auto vocab = static_cast<int64_t>(tokens.size());
  // Header first, then tensor by tensor: what this process holds would count as its children's
  // peak.
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> shapes(
      ggml_init({ggml_tensor_overhead() * (9 * size.layers + 2), nullptr, true}), ggml_free);
  const auto add = [&](const std::string& name, int64_t rows, int64_t depth) {
    ggml_tensor* tensor = rows == 1 ? ggml_new_tensor_1d(shapes.get(), GGML_TYPE_F32, depth)
                                    : ggml_new_tensor_2d(shapes.get(), GGML_TYPE_F32, depth, rows);
    ggml_set_name(tensor, name.c_str());
    gguf_add_tensor(to.get(), tensor);
  };
  const auto add_norm = [&](const std::string& name) { add(name, 1, width); };
  add("token_embd.weight", vocab, width);
  add_norm("output_norm.weight");
  for (uint32_t i = 0; i < size.layers; ++i) {
    const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", i, part); };
    add_norm(name("attn_norm"));
    add_norm(name("ffn_norm"));
    add(name("attn_q"), width, width);
    add(name("attn_k"), kv, width);
    add(name("attn_v"), kv, width);
    add(name("attn_output"), width, width);
    add(name("ffn_gate"), size.feed_forward, width);
    add(name("ffn_up"), size.feed_forward, width);
    add(name("ffn_down"), width, size.feed_forward);
  }
  if (!gguf_write_to_file(to.get(), path.c_str(), true)) {
    throw std::runtime_error("cannot write " + path);
  }
  std::ofstream file(path, std::ios::binary | std::ios::app);
  std::minstd_rand random(1);
  std::vector<float> values;
  for (ggml_tensor* tensor = ggml_get_first_tensor(shapes.get()); tensor != nullptr;
       tensor = ggml_get_next_tensor(shapes.get(), tensor)) {
    // Uniform, with variance 1 / depth, so that activations keep their size; norms are 1.
    const float scale = std::sqrt(12.0f / static_cast<float>(tensor->ne[0]));
    values.assign(static_cast<size_t>(tensor->ne[0]), 1.0f);
    for (int64_t row = 0; row < tensor->ne[1]; ++row) {
      for (float& value : values) {
        if (tensor->ne[1] == 1) break;
        value = scale * (static_cast<float>(random()) / 2147483648.0f - 0.5f);
      }
      file.write(reinterpret_cast<const char*>(values.data()),
                 static_cast<std::streamsize>(values.size() * sizeof(float)));
    }
  }
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace rsr
