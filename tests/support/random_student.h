// A student of any size with random weights and the vocabulary of another one: a GGUF file or a
// Hugging Face directory.
#pragma once

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace rsr {

struct RandomStudent {  // of Llama's family, the output matrix tied to the embedding
  uint32_t layers = 0, width = 0, feed_forward = 0, heads = 0, kv_heads = 0, context_length = 0;
  uint32_t vocab = 0;  // filled up with tokens that no text has; 0: as many as the source has
  ggml_type type = GGML_TYPE_F32;  // of the matrices; norms are float32
};

struct RandomTensor {
  std::string gguf, hf;  // its names
  int64_t rows, depth;   // a vector has one row

  ggml_type TypeIn(const RandomStudent& size) const {
    return rows == 1 ? GGML_TYPE_F32 : size.type;
  }
};

inline std::vector<RandomTensor> TensorsOf(const RandomStudent& size, int64_t vocab) {
  const int64_t width = size.width, kv = width / size.heads * size.kv_heads;
  std::vector<RandomTensor> tensors = {
      {"token_embd.weight", "model.embed_tokens.weight", vocab, width},
      {"output_norm.weight", "model.norm.weight", 1, width}};
  for (uint32_t layer = 0; layer < size.layers; ++layer) {
    const auto add = [&](const char* gguf, const char* hf, int64_t rows, int64_t depth) {
      tensors.push_back({fmt::format("blk.{}.{}.weight", layer, gguf),
                         fmt::format("model.layers.{}.{}.weight", layer, hf), rows, depth});
    };
    add("attn_norm", "input_layernorm", 1, width);
    add("ffn_norm", "post_attention_layernorm", 1, width);
    add("attn_q", "self_attn.q_proj", width, width);
    add("attn_k", "self_attn.k_proj", kv, width);
    add("attn_v", "self_attn.v_proj", kv, width);
    add("attn_output", "self_attn.o_proj", width, width);
    add("ffn_gate", "mlp.gate_proj", size.feed_forward, width);
    add("ffn_up", "mlp.up_proj", size.feed_forward, width);
    add("ffn_down", "mlp.down_proj", width, size.feed_forward);
  }
  return tensors;
}

// Row by row: what this process holds would count as its children's peak. Uniform, with variance
// 1 / depth, so that activations keep their size; norms are 1.
inline int64_t WriteRandomValues(const RandomTensor& tensor, ggml_type type,
                                 std::minstd_rand* random, std::ostream* out) {
  const float scale = std::sqrt(12.0f / static_cast<float>(tensor.depth));
  std::vector<float> values(static_cast<size_t>(tensor.depth), 1.0f);
  std::vector<char> bytes(ggml_row_size(type, tensor.depth));
  for (int64_t row = 0; row < tensor.rows; ++row) {
    for (float& value : values) {
      if (tensor.rows == 1) break;
      value = scale * (static_cast<float>((*random)()) / 2147483648.0f - 0.5f);
    }
    ggml_quantize_chunk(type, values.data(), bytes.data(), 0, 1, tensor.depth, nullptr);
    out->write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  return tensor.rows * static_cast<int64_t>(bytes.size());
}

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

  const std::vector<RandomTensor> tensors = TensorsOf(size, static_cast<int64_t>(tokens.size()));
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> shapes(
      ggml_init({ggml_tensor_overhead() * tensors.size(), nullptr, true}), ggml_free);
  for (const RandomTensor& t : tensors) {
    ggml_tensor* tensor = t.rows == 1
                              ? ggml_new_tensor_1d(shapes.get(), t.TypeIn(size), t.depth)
                              : ggml_new_tensor_2d(shapes.get(), t.TypeIn(size), t.depth, t.rows);
    ggml_set_name(tensor, t.gguf.c_str());
    gguf_add_tensor(to.get(), tensor);
  }
  if (!gguf_write_to_file(to.get(), path.c_str(), true)) {
    throw std::runtime_error("cannot write " + path);
  }
  std::ofstream file(path, std::ios::binary | std::ios::app);
  std::minstd_rand random(1);
  for (const RandomTensor& tensor : tensors) {
    const int64_t bytes = WriteRandomValues(tensor, tensor.TypeIn(size), &random, &file);
    file << std::string(static_cast<size_t>(GGML_PAD(bytes, GGUF_DEFAULT_ALIGNMENT) - bytes), '\0');
  }
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

// `text_side`: a directory whose tokenizer and chat template it gets; `size.type` is a float type.
// More than one shard: with an index.
inline void WriteRandomDirectory(const std::string& text_side, const std::string& path,
                                 const RandomStudent& size, size_t shards) {
  std::filesystem::copy(text_side, path);
  std::ofstream(path + "/config.json") << fmt::format(
      R"({{"model_type":"llama","hidden_size":{},"intermediate_size":{},"num_hidden_layers":{},)"
      R"("num_attention_heads":{},"num_key_value_heads":{},"vocab_size":{},)"
      R"("max_position_embeddings":{},"tie_word_embeddings":true}})",
      size.width, size.feed_forward, size.layers, size.heads, size.kv_heads, size.vocab,
      size.context_length);
  const std::vector<RandomTensor> tensors = TensorsOf(size, size.vocab);
  std::minstd_rand random(1);
  std::string index;
  for (size_t shard = 0; shard < shards; ++shard) {
    const std::string name = shards == 1 ? "model.safetensors"
                                         : fmt::format("model-{}-of-{}.safetensors", shard, shards);
    const auto begin = tensors.begin() + static_cast<int64_t>(tensors.size() * shard / shards);
    const auto end = tensors.begin() + static_cast<int64_t>(tensors.size() * (shard + 1) / shards);
    std::string header;
    size_t at = 0;
    for (auto t = begin; t != end; ++t) {
      const size_t bytes = ggml_row_size(t->TypeIn(size), t->depth) * static_cast<size_t>(t->rows);
      std::string type = ggml_type_name(t->TypeIn(size));
      for (char& c : type) c = static_cast<char>(std::toupper(c));
      header +=
          fmt::format(R"({}"{}":{{"dtype":"{}","shape":[{}{}],"data_offsets":[{},{}]}})",
                      header.empty() ? '{' : ',', t->hf, type,
                      t->rows == 1 ? "" : fmt::format("{},", t->rows), t->depth, at, at + bytes);
      at += bytes;
      index += fmt::format(R"({}"{}":"{}")", index.empty() ? "" : ",", t->hf, name);
    }
    header += '}';
    header.resize((header.size() + 7) / 8 * 8, ' ');
    const uint64_t length = header.size();
    std::ofstream file(path + "/" + name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof length) << header;
    for (auto t = begin; t != end; ++t) WriteRandomValues(*t, t->TypeIn(size), &random, &file);
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
  }
  if (shards == 1) return;
  std::ofstream(path + "/model.safetensors.index.json")
      << fmt::format(R"({{"weight_map":{{{}}}}})", index);
}

}  // namespace rsr
