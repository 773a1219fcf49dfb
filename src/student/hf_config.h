// config.json of a Hugging Face model: its keys, and what transformers takes for those it leaves
// out.
#pragma once

#include <cstdint>
#include <string>

#include "student/family.h"
#include "student/json_file.h"

namespace rsr {

class HfConfig {
 public:
  // Throws rsr::Error if `directory` holds no config.json, or one that is no JSON object.
  explicit HfConfig(const std::string& directory);

  const std::string& path() const { return file_.path; }
  // The language model's: "gemma3_text" where the file describes a "gemma3" of text and images.
  const std::string& model_type() const { return model_type_; }
  const HfFamily* family() const { return family_; }  // null: not among those of family.cc

  // The value, transformers' default, or null.
  const nlohmann::json& operator[](const char* key) const;
  // `absent` where the value is null. Throw rsr::Error naming the key for one of another type.
  int64_t Integer(const char* key, int64_t absent = 0) const;
  double Real(const char* key, double absent = 0) const;
  bool Flag(const char* key) const;
  std::string Text(const char* key) const;

  // The same of an object below; `where` is its name, for messages.
  double RealOf(const nlohmann::json& object, const char* where, const char* key,
                double absent = 0) const;

  [[noreturn]] void Refuse(const std::string& key, const char* expected,
                           const nlohmann::json& got) const;

 private:
  JsonFile file_;
  const nlohmann::json* settings_;  // the language model's, in file_
  nlohmann::json defaults_;
  std::string model_type_;
  const HfFamily* family_;
};

}  // namespace rsr
