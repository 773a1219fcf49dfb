#include "student/hf_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/printable.h"
#include "rsr/error.h"
#include "student/hf_config.h"
#include "student/json_file.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kDownloadHint = "download or copy the directory again";
constexpr int64_t kMostContext = 1 << 30;

std::string TextOf(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

// A token given as its text, or as an object with its flags.
std::string TokenText(const Json& value) {
  return value.is_object() ? TextOf(JsonFile::At(value, "content")) : TextOf(value);
}

void ReadAdded(const JsonFile& config, HfDirectory* out) {
  const Json& decoder = config["added_tokens_decoder"];
  if (!decoder.is_object()) return;
  for (const auto& [id, fields] : decoder.items()) {
    if (!fields.is_object() || !JsonFile::At(fields, "content").is_string() || id.empty() ||
        id.size() > 9 || id.find_first_not_of("0123456789") != std::string::npos) {
      throw Error(
          fmt::format("{}: added_tokens_decoder '{}' is not a token", config.path, Excerpt(id)),
          kDownloadHint);
    }
    const auto flag = [&fields = fields](const char* key) {
      const Json& value = JsonFile::At(fields, key);
      return value.is_boolean() && value.get<bool>();
    };
    AddedToken token;
    token.id = std::stoi(id);
    token.content = TokenText(fields);
    token.special = flag("special");
    token.normalized = flag("normalized");
    token.single_word = flag("single_word");
    token.lstrip = flag("lstrip");
    token.rstrip = flag("rstrip");
    out->added.push_back(std::move(token));
  }
}

// special_tokens_map.json counts only where tokenizer_config.json lists no added tokens: as in
// transformers.
void ReadSpecialTokens(const JsonFile& config, const JsonFile& map, HfDirectory* out) {
  const auto take = [&](const Json& root) {
    for (const auto& [key, value] : root.items()) {
      const std::string text = TokenText(value);
      if (!key.ends_with("_token") || text.empty()) continue;
      const auto known = std::find_if(out->special_tokens.begin(), out->special_tokens.end(),
                                      [&key = key](const auto& pair) { return pair.first == key; });
      if (known == out->special_tokens.end()) {
        out->special_tokens.emplace_back(key, text);
      } else {
        known->second = text;
      }
    }
  };
  take(config.root);
  if (out->added.empty()) take(map.root);
}

void ReadTemplates(const std::string& path, const JsonFile& config, HfDirectory* out) {
  auto& templates = out->chat_templates;
  const auto take = [&](const JsonFile& file) {
    const Json& value = file["chat_template"];
    if (!templates.empty() || value.is_null()) return;
    if (value.is_string()) {
      templates.emplace_back("default", value.get<std::string>());
      return;
    }
    if (!value.is_array()) {
      throw Error(file.path + ": chat_template: expected a string or a list", kDownloadHint);
    }
    for (const Json& item : value) {
      if (!item.is_object() || !JsonFile::At(item, "name").is_string() ||
          !JsonFile::At(item, "template").is_string()) {
        throw Error(file.path + ": chat_template is a list, but not of names and templates",
                    kDownloadHint);
      }
      templates.emplace_back(TextOf(item["name"]), TextOf(item["template"]));
    }
  };
  if (Exists(path + "/chat_template.jinja")) {
    templates.emplace_back("default", ReadFile(path + "/chat_template.jinja"));
  }
  take(JsonFile(path, "chat_template.json"));
  take(config);
  const fs::path more = path + "/additional_chat_templates";
  std::error_code error;
  for (fs::directory_iterator it(more, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".jinja") continue;
    templates.emplace_back(it->path().stem().string(), ReadFile(it->path().string()));
  }
  if (error == std::errc::permission_denied) {
    throw Error(more.string() + ": cannot be read: permission denied", "check its owner and mode");
  }
}

std::vector<int64_t> EosIds(const Json& value) {
  std::vector<int64_t> ids;
  for (const Json& id : value.is_array() ? value : Json::array({value})) {
    if (id.is_number_integer()) ids.push_back(id.get<int64_t>());
  }
  return ids;
}

// Where positions are scaled by "yarn", max_position_embeddings may still be what it was before, as
// in Qwen's instructions for long texts. 0: it does not say.
int64_t YarnContext(const JsonFile& config) {
  for (const char* key : {"rope_parameters", "rope_scaling"}) {
    const Json& rope = config[key];
    if (!rope.is_object()) continue;
    const bool yarn =
        JsonFile::At(rope, "rope_type") == "yarn" || JsonFile::At(rope, "type") == "yarn";
    const Json &factor = JsonFile::At(rope, "factor"),
               &before = JsonFile::At(rope, "original_max_position_embeddings");
    if (!yarn || !factor.is_number() || !before.is_number()) continue;
    const double context = factor.get<double>() * before.get<double>();
    if (context > 0 && context < kMostContext) return static_cast<int64_t>(context);
  }
  return 0;
}

// What to say about a directory without tokenizer.json.
[[noreturn]] void RefuseWithoutTokenizer(const std::string& path) {
  std::string gguf;
  bool sentencepiece = false;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (it->path().extension() == ".gguf" && (gguf.empty() || name < gguf)) gguf = name;
    sentencepiece |= name == "tokenizer.model" || name == "vocab.json";
  }
  if (!gguf.empty()) {
    throw Error(path + ": is a directory of GGUF files, expected one of them",
                fmt::format("for example {}/{}", path, gguf));
  }
  if (sentencepiece) {
    throw Error(path + ": holds no tokenizer.json, only its forerunners",
                fmt::format("make it with transformers: AutoTokenizer.from_pretrained('{0}')"
                            ".save_pretrained('{0}')",
                            path));
  }
  throw Error(path + ": is no student: the directory holds neither tokenizer.json nor a GGUF file",
              "name a GGUF file, a Hugging Face model directory, or org/name of one in the cache");
}

}  // namespace

bool IsHfDirectory(const std::string& path) {
  return Exists(path + "/tokenizer.json") || Exists(path + "/config.json");
}

HfDirectory ReadHfDirectory(const std::string& path) {
  HfDirectory out;
  out.path = path;
  out.tokenizer_json = path + "/tokenizer.json";
  std::error_code error;
  if (!Exists(out.tokenizer_json)) RefuseWithoutTokenizer(path);
  const JsonFile config(path, "config.json"), tokenizer(path, "tokenizer_config.json");
  out.architecture = TextOf(config["model_type"]);
  ReadAdded(tokenizer, &out);
  ReadSpecialTokens(tokenizer, JsonFile(path, "special_tokens_map.json"), &out);
  ReadTemplates(path, tokenizer, &out);
  out.vocab = config.Integer("vocab_size");
  out.eos_token_ids = EosIds(JsonFile(path, "generation_config.json")["eos_token_id"]);
  // model_max_length is 1e30 where nobody set it.
  for (const auto& [file, key] :
       {std::pair(&config, "max_position_embeddings"), std::pair(&config, "n_positions"),
        std::pair(&tokenizer, "model_max_length")}) {
    const int64_t length = file->Integer(key);
    if (length > 0 && length < kMostContext && out.context_length == 0) out.context_length = length;
  }
  if (out.context_length == 0 && !config.root.empty()) {
    const HfConfig model(path);
    if (model.family()) out.context_length = model.Integer("max_position_embeddings");
  }
  out.context_length = std::max(out.context_length, YarnContext(config));
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    out.weight_files += it->path().extension() == ".safetensors";
  }
  return out;
}

}  // namespace rsr
