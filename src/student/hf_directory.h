// A student as a Hugging Face directory: what its small files say about text.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/definition.h"

namespace rsr {

// What --student names: an existing file or directory as it is; `org/name` (or `name`) is looked
// for in the local Hugging Face cache ($HF_HUB_CACHE, $HF_HOME/hub, ~/.cache/huggingface/hub),
// where its snapshot of refs/main is taken. Nothing is ever downloaded. Throws rsr::Error if it is
// in neither.
std::string FindStudent(const std::string& given);

bool IsHfDirectory(const std::string& path);  // a directory with a tokenizer.json or config.json

struct HfDirectory {
  std::string path;
  std::string architecture;    // config.json's model_type, or empty
  std::string tokenizer_json;  // its path
  // `bos_token`, `eos_token`, `pad_token` ... and their texts, as transformers hands them to
  // templates.
  std::vector<std::pair<std::string, std::string>> special_tokens;
  // Tokens that tokenizer_config.json adds to those of tokenizer.json.
  std::vector<AddedToken> added;
  // Chat templates by name; an only one is called "default". Empty: none.
  std::vector<std::pair<std::string, std::string>> chat_templates;
  std::vector<int64_t> eos_token_ids;  // of generation_config.json: what ends a turn
  int64_t context_length = 0;  // tokens; 0: neither config.json nor tokenizer_config.json says
  int64_t vocab = 0;           // rows of the embedding; 0: config.json does not say
  int64_t weight_files = 0;    // *.safetensors
};

// Reads config.json, generation_config.json, tokenizer_config.json, special_tokens_map.json and the
// chat template (chat_template.jinja, chat_template.json, or the key in tokenizer_config.json, in
// this order; additional_chat_templates/*.jinja). Throws rsr::Error: no tokenizer.json (says what
// there is instead), a file that is not the JSON it should be.
HfDirectory ReadHfDirectory(const std::string& path);

}  // namespace rsr
