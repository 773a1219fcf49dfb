#include "student/hf_directory.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/file.h"
#include "rsr/error.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr const char* kDownloadHint = "download or copy the directory again";

// A JSON object in a file; absent files give no object.
class JsonFile {
 public:
  JsonFile(const std::string& directory, const char* name) : path_(directory + "/" + name) {
    std::error_code error;
    if (!fs::exists(path_, error)) return;
    const std::string bytes = ReadFile(path_);
    if (bytes.size() > kMostBytes) {
      throw Error(fmt::format("{}: has {} MB, expected at most {}", path_, bytes.size() >> 20,
                              kMostBytes >> 20),
                  kDownloadHint);
    }
    object root;
    if (const auto failure = parser_.parse(bytes).get(root)) {
      throw Error(
          fmt::format("{}: is not a JSON object: {}", path_, simdjson::error_message(failure)),
          kDownloadHint);
    }
    root_ = root;
  }

  const std::string& path() const { return path_; }
  const std::optional<object>& root() const { return root_; }

  std::string String(std::string_view key) const {
    std::string_view value;
    if (!root_ || (*root_)[key].get(value)) return "";
    return std::string(value);
  }
  int64_t Integer(std::string_view key) const {
    int64_t value;
    if (!root_) return 0;
    if (!(*root_)[key].get(value)) return std::max<int64_t>(value, 0);
    object text;  // multimodal models keep the language model's settings below
    if (!(*root_)["text_config"].get(text) && !text[key].get(value)) {
      return std::max<int64_t>(value, 0);
    }
    return 0;
  }

 private:
  std::string path_;
  simdjson::dom::parser parser_;
  std::optional<object> root_;
};

// A token given as its text, or as an object with its flags.
std::string TokenText(const element& value) {
  std::string_view text;
  object fields;
  if (!value.get(text) || (!value.get(fields) && !fields["content"].get(text))) {
    return std::string(text);
  }
  return "";
}

bool Flag(const object& fields, const char* key) {
  bool value;
  return !fields[key].get(value) && value;
}

void ReadAdded(const JsonFile& config, HfDirectory* out) {
  object decoder;
  if (!config.root() || (*config.root())["added_tokens_decoder"].get(decoder)) return;
  for (const auto field : decoder) {
    AddedToken token;
    object fields;
    std::string_view content;
    const std::string id(field.key);
    if (field.value.get(fields) || fields["content"].get(content) || id.empty() || id.size() > 9 ||
        id.find_first_not_of("0123456789") != std::string::npos) {
      throw Error(fmt::format("{}: added_tokens_decoder '{}' is not a token", config.path(), id),
                  kDownloadHint);
    }
    token.id = std::stoi(id);
    token.content = content;
    token.special = Flag(fields, "special");
    token.normalized = Flag(fields, "normalized");
    token.single_word = Flag(fields, "single_word");
    token.lstrip = Flag(fields, "lstrip");
    token.rstrip = Flag(fields, "rstrip");
    out->added.push_back(std::move(token));
  }
}

// special_tokens_map.json counts only where tokenizer_config.json lists no added tokens: as in
// transformers.
void ReadSpecialTokens(const JsonFile& config, const JsonFile& map, HfDirectory* out) {
  const auto take = [&](const std::optional<object>& root) {
    if (!root) return;
    for (const auto field : *root) {
      const std::string key(field.key);
      const std::string text = TokenText(field.value);
      if (!key.ends_with("_token") || key.starts_with("add_") || text.empty()) continue;
      auto known = std::find_if(out->special_tokens.begin(), out->special_tokens.end(),
                                [&](const auto& pair) { return pair.first == key; });
      if (known == out->special_tokens.end()) {
        out->special_tokens.emplace_back(key, text);
      } else {
        known->second = text;
      }
    }
  };
  take(config.root());
  if (out->added.empty()) take(map.root());
}

void ReadTemplates(const std::string& path, const JsonFile& config, HfDirectory* out) {
  auto& templates = out->chat_templates;
  std::error_code error;
  const auto take = [&](const JsonFile& file) {
    if (!file.root() || !templates.empty()) return;
    element value;
    simdjson::dom::array list;
    std::string_view text;
    if ((*file.root())["chat_template"].get(value) || value.is_null()) return;
    if (!value.get(text)) {
      templates.emplace_back("default", text);
    } else if (!value.get(list)) {
      for (const element item : list) {
        std::string_view name;
        if (item["name"].get(name) || item["template"].get(text)) {
          throw Error(fmt::format("{}: chat_template is a list, but not of names and templates",
                                  file.path()),
                      kDownloadHint);
        }
        templates.emplace_back(name, text);
      }
    } else {
      throw Error(fmt::format("{}: chat_template: expected a string or a list", file.path()),
                  kDownloadHint);
    }
  };
  if (fs::exists(path + "/chat_template.jinja", error)) {
    templates.emplace_back("default", ReadFile(path + "/chat_template.jinja"));
  }
  take(JsonFile(path, "chat_template.json"));
  take(config);
  const fs::path more = path + "/additional_chat_templates";
  for (fs::directory_iterator it(more, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".jinja") continue;
    templates.emplace_back(it->path().stem().string(), ReadFile(it->path().string()));
  }
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
  std::error_code error;
  return fs::exists(path + "/tokenizer.json", error) || fs::exists(path + "/config.json", error);
}

HfDirectory ReadHfDirectory(const std::string& path) {
  HfDirectory out;
  out.path = path;
  out.tokenizer_json = path + "/tokenizer.json";
  std::error_code error;
  if (!fs::exists(out.tokenizer_json, error)) RefuseWithoutTokenizer(path);
  const JsonFile config(path, "config.json"), tokenizer(path, "tokenizer_config.json");
  out.architecture = config.String("model_type");
  ReadAdded(tokenizer, &out);
  ReadSpecialTokens(tokenizer, JsonFile(path, "special_tokens_map.json"), &out);
  ReadTemplates(path, tokenizer, &out);
  if (const JsonFile generation(path, "generation_config.json"); generation.root()) {
    element eos;
    int64_t id;
    simdjson::dom::array ids;
    if (!(*generation.root())["eos_token_id"].get(eos)) {
      if (!eos.get(id)) out.eos_token_ids.push_back(id);
      if (!eos.get(ids)) {
        for (const element item : ids) {
          if (!item.get(id)) out.eos_token_ids.push_back(id);
        }
      }
    }
  }
  // model_max_length is 1e30 where nobody set it.
  constexpr int64_t kMostContext = 1 << 30;
  for (const auto& [file, key] :
       {std::pair(&config, "max_position_embeddings"), std::pair(&config, "n_positions"),
        std::pair(&tokenizer, "model_max_length")}) {
    const int64_t length = file->Integer(key);
    if (length > 0 && length < kMostContext && out.context_length == 0) out.context_length = length;
  }
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    out.weight_files += it->path().extension() == ".safetensors";
  }
  return out;
}

}  // namespace rsr
