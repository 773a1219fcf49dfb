// A Hugging Face directory of a few kB for tests: a Llama of one layer whose every part a test may
// change before it is written.
#pragma once

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rsr {

struct TinyTensor {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

struct TinyHf {
  nlohmann::json config = {{"model_type", "llama"},
                           {"hidden_size", 8},
                           {"intermediate_size", 12},
                           {"num_hidden_layers", 1},
                           {"num_attention_heads", 2},
                           {"num_key_value_heads", 1},
                           {"vocab_size", 5},
                           {"max_position_embeddings", 64},
                           {"tie_word_embeddings", false}};
  std::map<std::string, TinyTensor> tensors;

  TinyHf() {
    const std::string layer = "model.layers.0.";
    Add("model.embed_tokens.weight", {5, 8});
    Add("lm_head.weight", {5, 8});
    Add("model.norm.weight", {8});
    Add(layer + "input_layernorm.weight", {8});
    Add(layer + "post_attention_layernorm.weight", {8});
    Add(layer + "self_attn.q_proj.weight", {8, 8});
    Add(layer + "self_attn.k_proj.weight", {4, 8});
    Add(layer + "self_attn.v_proj.weight", {4, 8});
    Add(layer + "self_attn.o_proj.weight", {8, 8});
    Add(layer + "mlp.gate_proj.weight", {12, 8});
    Add(layer + "mlp.up_proj.weight", {12, 8});
    Add(layer + "mlp.down_proj.weight", {8, 12});
  }

  void Add(const std::string& name, const std::vector<int64_t>& shape) {
    size_t count = 1;
    for (const int64_t size : shape) count *= static_cast<size_t>(size);
    TinyTensor tensor{shape, std::vector<float>(count)};
    for (size_t i = 0; i < count; ++i) {
      tensor.values[i] = std::sin(0.37f * static_cast<float>(i + name.size()));
    }
    tensors[name] = std::move(tensor);
  }
};

inline void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// A safetensors file: header, then data.
inline std::string SafetensorsBytes(std::string header, const std::string& data) {
  while (header.size() % 8 != 0) header += ' ';
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
}

// The float32 tensors whose names `take` accepts, in order of their names.
template <typename Take>
std::string SafetensorsOf(const TinyHf& model, const Take& take) {
  nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}};
  std::string data;
  for (const auto& [name, tensor] : model.tensors) {
    if (!take(name)) continue;
    const size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(tensor.values.data()),
                tensor.values.size() * sizeof(float));
    header[name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  return SafetensorsBytes(header.dump(), data);
}

// Without weights: config.json and what makes the directory a student.
inline void WriteTinySides(const TinyHf& model, const std::string& directory) {
  std::filesystem::create_directories(directory);
  WriteText(directory + "/config.json", model.config.dump());
  WriteText(directory + "/tokenizer.json", "{}");
}

inline void WriteTinyHf(const TinyHf& model, const std::string& directory) {
  WriteTinySides(model, directory);
  WriteText(directory + "/model.safetensors",
            SafetensorsOf(model, [](const std::string&) { return true; }));
}

}  // namespace rsr
