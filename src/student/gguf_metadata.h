// Metadata of a GGUF file by key.
//
// ggml's getters abort on another type than asked for, so it is looked at first. Of the keys that
// say how to compute, `{architecture}.key`, another type is an rsr::Error; of the others it counts
// as absent.
#pragma once

#include <gguf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rsr {

// The context must outlive it.
class GgufMetadata {
 public:
  GgufMetadata(const gguf_context* context, std::string path, std::string architecture = "")
      : context_(context), path_(std::move(path)), architecture_(std::move(architecture)) {}

  std::string String(const std::string& key) const;  // the whole key; empty: absent

  // `{architecture}.key` from here on. Several values (one a layer) or one that stands for all.
  std::vector<int64_t> Integers(const std::string& key) const;
  int64_t Integer(const std::string& key, int64_t absent = 0) const;  // negative: absent
  double Real(const std::string& key, double absent = 0) const;
  bool Boolean(const std::string& key, bool absent) const;
  bool IsArray(const std::string& key) const;
  std::string Text(const std::string& key) const;

  int64_t ArraySize(const std::string& key) const;  // the whole key; 0: no such array
  // The whole key; absent: -1, nothing, empty.
  int64_t TokenId(const std::string& key) const;
  std::optional<bool> Bool(const std::string& key) const;
  std::vector<std::string> Strings(const std::string& key) const;
  std::vector<int32_t> Int32s(const std::string& key) const;
  std::vector<float> Floats(const std::string& key) const;
  int64_t SplitCount() const;  // parts of the model; 1: it is whole

 private:
  int64_t Find(const std::string& key) const;  // of `{architecture}.key`; -1: absent
  [[noreturn]] void Refuse(const std::string& key, int64_t id, const char* expected) const;
  int64_t FindArray(const std::string& key, gguf_type type) const;  // -1: none of that type
  template <typename T>
  std::vector<T> Numbers(const std::string& key, gguf_type type) const;

  const gguf_context* context_;
  std::string path_, architecture_;
};

}  // namespace rsr
