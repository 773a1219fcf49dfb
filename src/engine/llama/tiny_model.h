// Models of two layers with random weights, of any architecture llama.cpp has, for tests.
#pragma once

#include <fmt/format.h>
#include <ggml-backend.h>
#include <gguf.h>
#include <gtest/gtest.h>
#include <llama.h>

#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "student/ggml_log.h"

namespace rsr {

inline constexpr int64_t kTinyVocab = 160, kTinyContext = 512;

using MetadataHook = std::function<void(gguf_context*, const std::string& prefix)>;

// Writes a model file. `more` may set keys of the architecture ("gemma2." is the prefix).
inline void WriteTinyModel(const std::string& architecture, const std::string& path,
                           const MetadataHook& more = {}) {
  CatchGgmlMessages();
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> keys(gguf_init_empty(), gguf_free);
  gguf_context* file = keys.get();
  const std::string prefix = architecture + ".";
  const auto number = [&](const char* key, uint32_t value) {
    gguf_set_val_u32(file, (prefix + key).c_str(), value);
  };
  const auto real = [&](const char* key, float value) {
    gguf_set_val_f32(file, (prefix + key).c_str(), value);
  };
  gguf_set_val_str(file, "general.architecture", architecture.c_str());
  number("context_length", kTinyContext);
  number("embedding_length", 64);
  number("block_count", 2);
  number("feed_forward_length", 96);
  number("attention.head_count", 4);
  number("attention.head_count_kv", 2);
  number("rope.dimension_count", 16);
  real("attention.layer_norm_epsilon", 1e-5f);
  real("attention.layer_norm_rms_epsilon", 1e-5f);
  gguf_set_val_str(file, "tokenizer.ggml.model", "gpt2");
  gguf_set_val_str(file, "tokenizer.ggml.pre", "default");
  std::vector<std::string> tokens;
  std::vector<const char*> pointers;
  for (int64_t i = 0; i < kTinyVocab; ++i) tokens.push_back(fmt::format("t{}", i));
  for (const std::string& token : tokens) pointers.push_back(token.c_str());
  gguf_set_arr_str(file, "tokenizer.ggml.tokens", pointers.data(), pointers.size());
  gguf_set_arr_str(file, "tokenizer.ggml.merges", pointers.data(), 0);
  if (more) more(file, prefix);
  const auto fill = [](ggml_tensor* tensor, void*) {
    std::mt19937 random(static_cast<uint32_t>(std::hash<std::string>()(tensor->name)));
    std::normal_distribution<float> normal(0, 0.25f);
    std::vector<float> values(static_cast<size_t>(ggml_nelements(tensor)));
    for (float& value : values) value = normal(random);
    if (tensor->type != GGML_TYPE_F32) throw std::runtime_error("float32 expected");
    ggml_backend_tensor_set(tensor, values.data(), 0, ggml_nbytes(tensor));
  };
  llama_model_params params = llama_model_default_params();
  params.use_extra_bufts = false;
  const std::unique_ptr<llama_model, decltype(&llama_model_free)> model(
      llama_model_init_from_user(file, fill, nullptr, params), llama_model_free);
  ASSERT_NE(model, nullptr) << architecture << ": " << TakeGgmlMessages();
  llama_model_save_to_file(model.get(), path.c_str());
}

// Writes the file again without the tensors that `drop` names. (llama.cpp's writer fills in every
// tensor an architecture may have.)
inline void DropTensors(const std::string& path,
                        const std::function<bool(std::string_view name)>& drop) {
  ggml_context* tensors = nullptr;
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> from(
      gguf_init_from_file(path.c_str(), {.no_alloc = false, .ctx = &tensors}), gguf_free);
  ASSERT_NE(from, nullptr);
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> data(tensors, ggml_free);
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> to(gguf_init_empty(), gguf_free);
  gguf_set_kv(to.get(), from.get());
  for (int64_t i = 0; i < gguf_get_n_tensors(from.get()); ++i) {
    const char* name = gguf_get_tensor_name(from.get(), i);
    if (!drop(name)) gguf_add_tensor(to.get(), ggml_get_tensor(tensors, name));
  }
  ASSERT_TRUE(gguf_write_to_file(to.get(), path.c_str(), false));
}

}  // namespace rsr
