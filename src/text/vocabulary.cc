#include "text/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"
#include "base/printable.h"
#include "rsr/error.h"
#include "student/gguf_file.h"
#include "student/hf_directory.h"
#include "text/gguf_tokenizer.h"
#include "text/llama_vocabulary.h"
#include "text/mask.h"
#include "tokenizer/pattern.h"
#include "tokenizer/tokenizer_json.h"

namespace rsr {
namespace {

// Tokens that end a turn in one family or another, in no particular order: llama.cpp's list
// (llama-vocab.cpp, special_eog_ids). Only added tokens count, so that text is none by accident.
constexpr const char* kEndTokens[] = {"<|eot_id|>",
                                      "<|im_end|>",
                                      "<|end|>",
                                      "<|return|>",
                                      "<|call|>",
                                      "<|flush|>",
                                      "<|calls|>",
                                      "<end_of_turn>",
                                      "<|endoftext|>",
                                      "</s>",
                                      "<|eom_id|>",
                                      "<EOT>",
                                      "_<EOT>",
                                      "[EOT]",
                                      "[EOS]",
                                      "<|end_of_text|>",
                                      "<end_of_utterance>",
                                      "<eos>",
                                      "<turn|>",
                                      "<|tool_response>",
                                      "<\uff5cend\u2581of\u2581sentence\uff5c>",
                                      "[e~[",
                                      "<|END_OF_TURN_TOKEN|>"};

bool IsEndToken(const std::string& text) {
  return std::find(std::begin(kEndTokens), std::end(kEndTokens), text) != std::end(kEndTokens);
}

// Adds what tokenizer_config.json knows and tokenizer.json does not; transformers does so on
// opening.
void Complete(const HfDirectory& directory, TokenizerDefinition* definition) {
  std::unordered_set<std::string> known;
  for (const AddedToken& token : definition->added) known.insert(token.content);
  std::unordered_map<std::string, int32_t> ids;  // filled when asked
  const auto vocabulary_id = [&](const std::string& content) {
    if (ids.empty()) {
      for (const std::string& token : definition->tokens) {
        ids.emplace(token, static_cast<int32_t>(&token - definition->tokens.data()));
      }
    }
    const auto found = ids.find(content);
    return found == ids.end() ? -1 : found->second;
  };
  const size_t most = definition->tokens.size() + 65536;
  for (const AddedToken& token : directory.added) {
    if (token.content.empty() || !known.insert(token.content).second) continue;
    const int32_t id = vocabulary_id(token.content);
    if (id >= 0 ? id != token.id : static_cast<size_t>(token.id) > most) {
      throw Error(fmt::format("{}/tokenizer_config.json: token '{}' has id {}, which does not fit "
                              "tokenizer.json",
                              directory.path, Excerpt(token.content), token.id),
                  "download or copy the directory again");
    }
    if (static_cast<size_t>(token.id) >= definition->tokens.size()) {
      definition->tokens.resize(static_cast<size_t>(token.id) + 1);
    }
    definition->added.push_back(token);
  }
  for (const auto& [name, content] : directory.special_tokens) {
    const int32_t id = known.contains(content) ? -1 : vocabulary_id(content);
    if (id < 0) continue;
    AddedToken token;
    token.id = id;
    token.content = content;
    token.special = true;
    definition->added.push_back(std::move(token));
  }
}

}  // namespace

class Vocabulary::Llama : public LlamaVocabulary {
  using LlamaVocabulary::LlamaVocabulary;
};

Vocabulary::Vocabulary(const std::string& student) {
  const std::string path = FindStudent(student);
  std::error_code error;
  const bool directory = std::filesystem::is_directory(path, error);
  if (directory) {
    OpenDirectory(path);
  } else {
    OpenGguf(path);
  }
  if (context_length_ > 0) return;
  throw Error(path + ": says nowhere how many tokens the student can take",
              directory ? "config.json of the model belongs beside tokenizer.json "
                          "(max_position_embeddings)"
                        : "its header lacks the context length: convert the model again with "
                          "llama.cpp's convert_hf_to_gguf.py");
}

Vocabulary::~Vocabulary() = default;

void Vocabulary::OpenGguf(const std::string& path) {
  const GgufInfo info = ReadGguf(path);  // checks the header before anything else sees it
  if (auto definition = ReadGgufTokenizer(path)) {
    for (AddedToken& token : definition->added) token.special |= IsEndToken(token.content);
    tokenizer_ = std::make_unique<Tokenizer>(std::move(*definition));
  } else {
    llama_ = std::make_unique<Llama>(path);
  }
  TakePieces();
  hash_ += info.pre_tokenizer;
  hash_ = HashBytes(hash_);
  context_length_ = info.context_length;
  chat_template_ = info.chat_template;
  for (const auto& [name, id] : info.special_tokens) {
    if (id >= 0 && id < size()) special_tokens_.emplace_back(name, pieces_[id]);
  }
  TakeEndTokens({});
}

void Vocabulary::OpenDirectory(const std::string& path) {
  const HfDirectory directory = ReadHfDirectory(path);
  TokenizerDefinition definition = ReadTokenizerJson(directory.tokenizer_json);
  Complete(directory, &definition);
  tokenizer_ = std::make_unique<Tokenizer>(std::move(definition));
  TakePieces();
  hash_ += HashFile(directory.tokenizer_json);
  hash_ = HashBytes(hash_);
  special_tokens_ = directory.special_tokens;
  embedded_ = directory.vocab;
  context_length_ = directory.context_length;
  for (const auto& [name, text] : directory.chat_templates) {
    if (name == "default" || directory.chat_templates.size() == 1) chat_template_ = text;
  }
  TakeEndTokens(directory.eos_token_ids);
}

// Fills pieces_, control_ and, with what makes one vocabulary differ from another, hash_.
void Vocabulary::TakePieces() {
  const int32_t count =
      llama_ ? llama_->size() : static_cast<int32_t>(tokenizer_->definition().tokens.size());
  pieces_.reserve(static_cast<size_t>(count));
  for (int32_t id = 0; id < count; ++id) {
    pieces_.push_back(llama_ ? llama_->Piece(id) : tokenizer_->Piece(id));
    control_.push_back(llama_ && llama_->IsControl(id));
  }
  if (tokenizer_) {
    for (const AddedToken& token : tokenizer_->definition().added) {
      control_[token.id] = token.special;
    }
  }
  for (int32_t id = 0; id < count; ++id) {
    hash_ += fmt::format("{}:{}:{}\n", control_[id] ? 1 : 0, pieces_[id].size(), pieces_[id]);
  }
}

std::string Vocabulary::SpecialToken(const std::string& name) const {
  for (const auto& [known, text] : special_tokens_) {
    if (known == name) return text;
  }
  return "";
}

Tokens Vocabulary::Tokenize(const std::string& text) const {
  if (llama_) return llama_->Tokenize(text);
  try {
    Tokens tokens = tokenizer_->Encode(text);
    for (const int32_t id : tokens.ids) {
      if (embedded_ == 0 || id < embedded_) continue;
      throw RowError{"tokenizer-mismatch",
                     fmt::format("token {} '{}' has no row in the model's embedding of {}", id,
                                 Printable(pieces_[id]), embedded_)};
    }
    return tokens;
  } catch (const PatternTooExpensive&) {
    throw RowError{"tokenizer-limit",
                   "the pattern that cuts text into words goes back and forth without end on it"};
  }
}

int64_t Vocabulary::LeastTokensOf(const std::string& text) const {
  return llama_ ? 0 : tokenizer_->LeastTokensOf(text);
}

void Vocabulary::TakeEndTokens(const std::vector<int64_t>& more) {
  std::set<std::string> texts = {eos()};
  texts.erase("");
  for (const int64_t id : more) {
    if (id >= 0 && id < size()) texts.insert(pieces_[id]);
  }
  for (int32_t id = 0; id < size(); ++id) {
    if (control_[id] && IsEndToken(pieces_[id])) texts.insert(pieces_[id]);
  }
  end_tokens_.assign(texts.begin(), texts.end());
}

}  // namespace rsr
