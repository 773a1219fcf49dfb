// One of the small JSON files of a Hugging Face directory.
//
// nlohmann's parser, because model_max_length is often an integer of 31 digits, which simdjson
// takes for an error.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace rsr {

// Whether there is a file or directory of this name. rsr::Error: a link that leads nowhere, as in
// copies of the Hub's cache; a directory that may not be looked into.
bool Exists(const std::string& path);

// A JSON object in a file; that of an absent file is empty.
struct JsonFile {
  // Throws rsr::Error: more than 64 MB, not a JSON object, nested deeper than 64.
  JsonFile(const std::string& directory, const char* name);

  // The value, or null.
  const nlohmann::json& operator[](const char* key) const { return At(root, key); }
  static const nlohmann::json& At(const nlohmann::json& object, const char* key);
  // Of the object, or of the `text_config` in which multimodal models keep the language model's
  // settings; what is no integer or below 0 is 0.
  int64_t Integer(const char* key) const;

  std::string path;
  nlohmann::json root = nlohmann::json::object();
};

}  // namespace rsr
