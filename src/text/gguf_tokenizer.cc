#include "text/gguf_tokenizer.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "base/file.h"
#include "base/printable.h"
#include "rsr/error.h"
#include "student/ggml_log.h"
#include "student/gguf_metadata.h"
#include "tokenizer/text.h"

namespace rsr {
namespace {

// ---- what the families publish; the source is each one's tokenizer.json -------------------------

constexpr const char* kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
    R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen35Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|)"
    R"( ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
    R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kTekkenPattern =
    ""
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
    "|"
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
    "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
constexpr const char* kGpt4oPattern =
    ""
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'"
    "s"
    "|'t|'re|'ve|'m|'ll|'d)?|"
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'"
    "s"
    "|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|"
    "\\s+(?!\\S)|\\s+";
constexpr const char* kDeepseekLlmLetters =
    "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295"
    "-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-"
    "\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5"
    "\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-"
    "\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-"
    "\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-"
    "\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-"
    "\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e"
    "\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-"
    "\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17"
    "\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-"
    "\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-"
    "\U0001e943]+";
constexpr const char* kDeepseekLlmMarks =
    "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+";
constexpr const char* kDeepseekCjk = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+";
constexpr const char* kDeepseekV3Words =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|)"
    R"( ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

using Kind = PreTokenizerStep::Kind;
PreTokenizerStep Split(const char* pattern) { return {.kind = Kind::kSplit, .pattern = pattern}; }
PreTokenizerStep Digits(bool individual) {
  return {.kind = Kind::kDigits, .individual = individual};
}
PreTokenizerStep Punctuation() {
  return {.kind = Kind::kPunctuation, .behavior = PreTokenizerStep::Behavior::kContiguous};
}
PreTokenizerStep Bytes(bool use_regex = false) {
  return {.kind = Kind::kByteLevel, .use_regex = use_regex};
}
const Normalizer kNfc = {.kind = Normalizer::Kind::kNfc};
const Normalizer kSpaceToMark = {Normalizer::Kind::kReplace, " ", "\u2581"};
const Normalizer kMarkBefore = {Normalizer::Kind::kPrepend, "", "\u2581"};

struct Family {
  const char* name;  // tokenizer.ggml.pre
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizerStep> steps;
  bool ignore_merges = false;
};

const std::vector<Family>& Families() {
  static const std::vector<Family> families = {
      {"qwen2", {kNfc}, {Split(kQwen2Pattern), Bytes()}},
      {"qwen35", {kNfc}, {Split(kQwen35Pattern), Bytes()}},
      {"llama-bpe", {}, {Split(kLlama3Pattern), Bytes()}, true},
      {"llama-v3", {}, {Split(kLlama3Pattern), Bytes()}, true},
      {"llama3", {}, {Split(kLlama3Pattern), Bytes()}, true},
      {"glm4", {}, {Split(kLlama3Pattern), Bytes()}, true},
      {"tekken", {}, {Split(kTekkenPattern), Bytes()}, true},
      {"gpt-4o", {}, {Split(kGpt4oPattern), Bytes()}},
      {"llama4", {}, {Split(kGpt4oPattern), Bytes()}},
      {"gpt-2", {}, {Bytes(true)}},
      {"smollm", {}, {Digits(true), Bytes(true)}},
      {"starcoder", {}, {Digits(true), Bytes(true)}},
      {"refact", {}, {Digits(true), Bytes(true)}},
      {"command-r", {kNfc}, {Digits(true), Bytes(true)}},
      {"mpt", {kNfc}, {Bytes(true)}},
      {"olmo", {kNfc}, {Bytes(true)}},
      {"falcon", {}, {Punctuation(), Bytes(true), Digits(false), Split("[0-9][0-9][0-9]")}},
      {"deepseek-llm",
       {},
       {Split("[\r\n]"), Split(kDeepseekLlmLetters), Split(kDeepseekLlmMarks), Split("\\s+$"),
        Split(kDeepseekCjk), Digits(true), Bytes()}},
      {"deepseek-coder",
       {},
       {Split("[\r\n]"), Split("\\s?\\p{L}+"), Split("\\s?\\p{P}+"), Split(kDeepseekCjk),
        Digits(true), Bytes()}},
      {"deepseek-v3",
       {},
       {Split("\\p{N}{1,3}"), Split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"),
        Split(kDeepseekV3Words), Bytes()}},
  };
  return families;
}

// ---- reading -----------------------------------------------------------------------------------

enum TokenType { kNormal = 1, kUnknown, kControl, kUserDefined, kUnused, kByte };

// Padding of the embedding to a round size, as old converters named it.
bool IsPadding(const std::string& token) {
  return token.starts_with("[PAD") && token.ends_with("]") && token.size() > 5 &&
         token.find_first_not_of("0123456789", 4) == token.size() - 1;
}

class Header {
 public:
  explicit Header(const std::string& path) : path_(path), file_(path) {
    CatchGgmlMessages();
    context_.reset(
        gguf_init_from_buffer(file_.bytes().data(), file_.bytes().size(), {true, nullptr}));
    if (context_ == nullptr) Damaged("the GGUF header cannot be read");
  }

  [[noreturn]] void Damaged(const std::string& what) const {
    throw Error(path_ + ": " + Printable(what),
                "the file is damaged: download or convert it again");
  }
  const std::string& path() const { return path_; }

  GgufMetadata metadata() const { return GgufMetadata(context_.get(), path_); }

 private:
  struct Free {
    void operator()(gguf_context* context) const { gguf_free(context); }
  };
  std::string path_;
  MappedFile file_;
  std::unique_ptr<gguf_context, Free> context_;
};

using Ids = std::unordered_map<std::string, int32_t>;

// Sorts tokens into those of the vocabulary and those found in the text first.
void ReadTokens(const Header& header, bool byte_level, TokenizerDefinition* out) {
  out->tokens = header.metadata().Strings("tokenizer.ggml.tokens");
  const auto types = header.metadata().Int32s("tokenizer.ggml.token_type");
  if (types.size() != out->tokens.size()) {
    header.Damaged(fmt::format("{} tokens have {} types", out->tokens.size(), types.size()));
  }
  const int64_t unknown = header.metadata().TokenId("tokenizer.ggml.unknown_token_id");
  std::string name = header.metadata().String("general.name");
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const bool phi3 =
      name.find("phi-3") != std::string::npos || name.find("phi3") != std::string::npos;
  for (size_t id = 0; id < types.size(); ++id) {
    const std::string& text = out->tokens[id];
    const bool special = types[id] == kControl || (types[id] == kUnknown && unknown == int64_t(id));
    if ((!special && types[id] != kUserDefined) || text.empty() || IsPadding(text)) continue;
    AddedToken token;
    token.id = static_cast<int32_t>(id);
    token.content = text;
    token.special = special;
    // Phi-3's tokenizer.json; GGUF has no place for it, and llama.cpp goes by the name as well.
    token.rstrip = phi3 && text != "<unk>" && text != "<s>" && text != "<|endoftext|>";
    out->added.push_back(std::move(token));
    // DeepSeek's added letters would be taken for bytes of the same look.
    if (byte_level) out->tokens[id].clear();
  }
}

Ids IdsOf(const Header& header, const std::vector<std::string>& tokens) {
  Ids ids;
  ids.reserve(tokens.size());
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (!tokens[id].empty() && !ids.emplace(tokens[id], static_cast<int32_t>(id)).second) {
      header.Damaged(fmt::format("token '{}' is listed twice", tokens[id]));
    }
  }
  return ids;
}

void ReadMerges(const Header& header, TokenizerDefinition* out) {
  const std::vector<std::string> merges = header.metadata().Strings("tokenizer.ggml.merges");
  if (merges.empty()) header.Damaged("the vocabulary has no merges");
  const Ids ids = IdsOf(header, out->tokens);
  for (const std::string& merge : merges) {
    const size_t space = merge.find(' ', 1);
    const auto left = ids.find(merge.substr(0, space));
    const auto right = space == std::string::npos ? ids.end() : ids.find(merge.substr(space + 1));
    if (left == ids.end() || right == ids.end() || !ids.contains(left->first + right->first)) {
      header.Damaged(fmt::format("merge '{}' is not of two tokens to a third", merge));
    }
    out->merges.emplace_back(left->second, right->second);
  }
}

// Merges of a SentencePiece model out of its scores, in the order of transformers' converter
// (convert_slow_tokenizer.py, generate_merges): by score, then by the lengths of both parts.
void MakeMerges(const Header& header, TokenizerDefinition* out) {
  const auto scores = header.metadata().Floats("tokenizer.ggml.scores");
  if (scores.size() != out->tokens.size()) {
    header.Damaged(fmt::format("{} tokens have {} scores", out->tokens.size(), scores.size()));
  }
  const Ids ids = IdsOf(header, out->tokens);
  struct Merge {
    float score;
    uint32_t left_length, right_length;  // characters
    int32_t left, right;
  };
  std::vector<Merge> merges;
  for (size_t id = 0; id < scores.size(); ++id) {
    const std::string& token = out->tokens[id];
    const TokenizerText text = DecodeText(token, 0, token.size());
    const size_t first = merges.size();
    for (size_t cut = 1; cut < text.chars.size(); ++cut) {
      const auto left = ids.find(token.substr(0, text.begin[cut]));
      if (left == ids.end()) continue;
      const auto right = ids.find(token.substr(text.begin[cut]));
      if (right == ids.end()) continue;
      merges.push_back({scores[id], static_cast<uint32_t>(cut),
                        static_cast<uint32_t>(text.chars.size() - cut), left->second,
                        right->second});
    }
    std::sort(merges.begin() + static_cast<ptrdiff_t>(first), merges.end(),
              [](const Merge& a, const Merge& b) {
                return std::pair(a.left, a.right) < std::pair(b.left, b.right);
              });
  }
  std::stable_sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) {
    return std::tuple(a.score, a.left_length, a.right_length) >
           std::tuple(b.score, b.left_length, b.right_length);
  });
  for (const Merge& merge : merges) out->merges.emplace_back(merge.left, merge.right);
}

// Characters without a token become bytes, if the vocabulary has all of them.
void SetFallback(const Header& header, TokenizerDefinition* out) {
  out->unk = static_cast<int32_t>(header.metadata().TokenId("tokenizer.ggml.unknown_token_id"));
  if (out->unk >= static_cast<int64_t>(out->tokens.size())) out->unk = -1;
  out->fuse_unk = true;
  out->byte_fallback =
      std::find(out->tokens.begin(), out->tokens.end(), "<0x00>") != out->tokens.end();
}

}  // namespace

std::optional<TokenizerDefinition> ReadGgufTokenizer(const std::string& path) {
  const Header header(path);
  const std::string model = header.metadata().String("tokenizer.ggml.model");
  const std::string pre = header.metadata().String("tokenizer.ggml.pre");
  TokenizerDefinition out;
  out.where = path;
  if (model == "gpt2") {
    if (pre.empty()) {
      throw Error(path + ": does not say how its text is cut into words (tokenizer.ggml.pre)",
                  "it was made by an old converter: make it again with llama.cpp's "
                  "convert_hf_to_gguf.py");
    }
    const auto family = std::find_if(Families().begin(), Families().end(),
                                     [&](const Family& f) { return pre == f.name; });
    if (family == Families().end()) return {};
    out.normalizers = family->normalizers;
    out.pre_tokenizer = family->steps;
    out.ignore_merges = family->ignore_merges;
    ReadTokens(header, true, &out);
    ReadMerges(header, &out);
    return out;
  }
  if (model == "gemma4") {
    out.normalizers = {kSpaceToMark};
    ReadTokens(header, false, &out);
    ReadMerges(header, &out);
    SetFallback(header, &out);
    return out;
  }
  if (model == "llama" &&
      !header.metadata().Bool("tokenizer.ggml.remove_extra_whitespaces").value_or(false)) {
    if (header.metadata().Bool("tokenizer.ggml.add_space_prefix").value_or(true)) {
      out.normalizers = {kMarkBefore, kSpaceToMark};
    } else {
      out.normalizers = {kSpaceToMark};
    }
    ReadTokens(header, false, &out);
    MakeMerges(header, &out);
    SetFallback(header, &out);
    return out;
  }
  return {};
}

}  // namespace rsr
