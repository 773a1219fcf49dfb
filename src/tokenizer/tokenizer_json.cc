#include "tokenizer/tokenizer_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <unordered_map>

#include "base/file.h"
#include "base/printable.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// The largest published file has 33 MB, the largest vocabulary 262,144 tokens.
constexpr size_t kMostBytes = size_t{256} << 20;
constexpr int64_t kMostTokens = 1 << 22;
constexpr const char* kDownloadHint = "download or copy the directory again";

class Reader {
 public:
  explicit Reader(const std::string& path) { definition_.where = path; }

  TokenizerDefinition Read(std::string_view bytes) {
    simdjson::dom::parser parser;
    element root;
    if (const auto error = parser.parse(bytes.data(), bytes.size()).get(root)) {
      throw Error(
          fmt::format("{}: is not JSON: {}", definition_.where, simdjson::error_message(error)),
          kDownloadHint);
    }
    object top;
    if (root.get(top)) Bad("the file", "an object");
    ReadModel(Object(top, "model"));
    ReadAddedTokens(top);
    ReadNormalizer(top["normalizer"], "normalizer", 0);
    ReadPreTokenizer(top["pre_tokenizer"], "pre_tokenizer", 0);
    return std::move(definition_);
  }

 private:
  using Found = simdjson::simdjson_result<element>;

  [[noreturn]] void Damaged(const std::string& what) const {
    throw Error(fmt::format("{}: {}", definition_.where, Printable(what)), kDownloadHint);
  }
  [[noreturn]] void Bad(std::string_view field, std::string_view expected) const {
    Damaged(fmt::format("{}: expected {}", field, expected));
  }
  [[noreturn]] void Unknown(const std::string& what) const {
    throw Error(fmt::format("{}: {}", definition_.where, Printable(what)), kConvertTokenizerHint);
  }

  static Found Of(element value) { return Found(std::move(value)); }
  static bool Absent(const Found& found) { return found.error() || found.is_null(); }
  object Object(const object& in, const char* key) const {
    object value;
    if (in[key].get(value)) Bad(key, "an object");
    return value;
  }
  std::string_view String(const Found& found, const std::string& field) const {
    std::string_view value;
    if (found.get(value)) Bad(field, "a string");
    return value;
  }
  bool Bool(const object& in, const char* key, bool absent) const {
    if (Absent(in[key])) return absent;
    bool value;
    if (in[key].get(value)) Bad(key, "true or false");
    return value;
  }
  int32_t Id(const Found& found, const std::string& field) const {
    int64_t id;
    if (found.get(id)) Bad(field, "a token id");
    if (id < 0 || id >= kMostTokens) {
      Damaged(fmt::format("{}: token id {} is out of range (0 to {})", field, id, kMostTokens - 1));
    }
    return static_cast<int32_t>(id);
  }
  static std::string TypeOf(const object& step) {
    std::string_view type;
    return step["type"].get(type) ? "" : std::string(type);
  }

  void ReadModel(const object& model) {
    const std::string type = TypeOf(model);
    if (!type.empty() && type != "BPE") {
      Unknown(fmt::format("the tokenizer's model is of type {}, expected BPE", type));
    }
    ReadVocab(Object(model, "vocab"));
    for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!Absent(model[affix]) && !String(model[affix], affix).empty()) {
        Unknown(fmt::format("model.{} is set", affix));
      }
    }
    if (!Absent(model["dropout"])) Unknown("model.dropout is set: merges are drawn at random");
    definition_.byte_fallback = Bool(model, "byte_fallback", false);
    definition_.ignore_merges = Bool(model, "ignore_merges", false);
    definition_.fuse_unk = Bool(model, "fuse_unk", false);
    if (!Absent(model["unk_token"])) {
      const std::string unk(String(model["unk_token"], "model.unk_token"));
      definition_.unk = Find(unk);
      if (definition_.unk < 0) Damaged(fmt::format("model.unk_token '{}' is no token", unk));
    }
    ReadMerges(model["merges"]);
  }

  void ReadVocab(const object& vocab) {
    ids_.reserve(vocab.size());
    for (const auto field : vocab) {
      const std::string token(field.key);
      const int32_t id = Id(Of(field.value), fmt::format("model.vocab '{}'", token));
      if (!ids_.emplace(token, id).second)
        Damaged(fmt::format("token '{}' is listed twice", token));
      Grow(id, token, vocab.size());
      std::string& place = definition_.tokens[id];
      if (!place.empty()) {
        Damaged(fmt::format("tokens '{}' and '{}' have the same id {}", place, token, id));
      }
      place = token;
    }
    if (ids_.empty()) Damaged("model.vocab is empty");
  }

  // Every id takes memory, used or not. Published ones leave out a few hundred at the most.
  void Grow(int32_t id, const std::string& token, size_t tokens) {
    constexpr size_t kMostUnused = 65536;
    if (static_cast<size_t>(id) >= tokens + kMostUnused) {
      Damaged(
          fmt::format("token '{}' has id {}, but model.vocab has {} tokens", token, id, tokens));
    }
    if (static_cast<size_t>(id) >= definition_.tokens.size()) definition_.tokens.resize(id + 1u);
  }
  int32_t Find(const std::string& token) const {
    const auto found = ids_.find(token);
    return found == ids_.end() ? -1 : found->second;
  }

  void ReadMerges(const Found& found) {
    array merges;
    if (found.get(merges)) Bad("model.merges", "a list");
    for (const element merge : merges) {
      const size_t number = definition_.merges.size() + 1;
      std::string left, right;
      array pair;
      std::string_view text;
      if (!merge.get(text)) {
        const size_t space = text.find(' ');
        if (space == std::string_view::npos ||
            text.find(' ', space + 1) != std::string_view::npos) {
          Damaged(fmt::format("merge {} '{}' is not two tokens", number, text));
        }
        left = text.substr(0, space), right = text.substr(space + 1);
      } else if (!merge.get(pair) && pair.size() == 2) {
        left = String(pair.at(0), "model.merges"), right = String(pair.at(1), "model.merges");
      } else {
        Damaged(fmt::format("merge {} is not two tokens", number));
      }
      for (const std::string* part : {&left, &right}) {
        if (Find(*part) < 0) {
          Damaged(fmt::format("merge {} ('{}' + '{}') names '{}', which is no token", number, left,
                              right, *part));
        }
      }
      definition_.merges.emplace_back(Find(left), Find(right));
    }
  }

  void ReadAddedTokens(const object& top) {
    if (Absent(top["added_tokens"])) return;
    array added;
    if (top["added_tokens"].get(added)) Bad("added_tokens", "a list");
    std::unordered_map<int32_t, std::string> seen;
    for (const element item : added) {
      object fields;
      if (item.get(fields)) Bad("added_tokens", "a list of objects");
      AddedToken token;
      token.content = String(fields["content"], "added_tokens.content");
      token.id = Id(fields["id"], fmt::format("added token '{}'", token.content));
      token.special = Bool(fields, "special", false);
      token.normalized = Bool(fields, "normalized", !token.special);
      token.single_word = Bool(fields, "single_word", false);
      token.lstrip = Bool(fields, "lstrip", false);
      token.rstrip = Bool(fields, "rstrip", false);
      if (token.content.empty()) continue;  // as transformers does
      const int32_t in_vocab = Find(token.content);
      if (in_vocab >= 0 && in_vocab != token.id) {
        Damaged(fmt::format("added token '{}' has id {}, in model.vocab it has {}", token.content,
                            token.id, in_vocab));
      }
      Grow(token.id, token.content, ids_.size());
      const std::string& place = definition_.tokens[token.id];
      const auto [other, fresh] = seen.emplace(token.id, token.content);
      if (!fresh || (!place.empty() && place != token.content)) {
        Damaged(fmt::format("tokens '{}' and '{}' have the same id {}",
                            fresh ? place : other->second, token.content, token.id));
      }
      definition_.added.push_back(std::move(token));
    }
  }

  // Of {"String": ...} or {"Regex": ...}.
  std::string PatternOf(const object& step, const std::string& where, bool* regex) const {
    const object pattern = Object(step, "pattern");
    *regex = Absent(pattern["String"]);
    return std::string(String(pattern[*regex ? "Regex" : "String"], where + ".pattern"));
  }

  // Published ones have six at most; each is a pass over every text.
  void CheckSteps(size_t steps, const std::string& where) const {
    constexpr size_t kMostSteps = 64;
    if (steps > kMostSteps) Damaged(fmt::format("{} has more than {} steps", where, kMostSteps));
  }

  // Calls `each` for the step, or for all of a Sequence.
  template <typename Each>
  void ForSteps(const Found& found, const std::string& where, const char* list, int depth,
                Each each) {
    if (Absent(found)) return;
    object step;
    if (found.get(step)) Bad(where, "an object");
    if (TypeOf(step) != "Sequence") return each(step);
    if (depth > 8) Damaged(where + " is nested deeper than 8");
    array steps;
    if (step[list].get(steps)) Bad(where + "." + list, "a list");
    for (const element inner : steps) ForSteps(Of(inner), where, list, depth + 1, each);
  }

  void ReadNormalizer(const Found& found, const std::string& where, int depth) {
    ForSteps(found, where, "normalizers", depth, [&](const object& step) {
      const std::string type = TypeOf(step);
      Normalizer normalizer;
      if (type == "NFC") {
        normalizer.kind = Normalizer::Kind::kNfc;
      } else if (type == "Replace") {
        normalizer.kind = Normalizer::Kind::kReplace;
        normalizer.from = PatternOf(step, where, &normalizer.regex);
        normalizer.to = String(step["content"], where + ".content");
      } else if (type == "Prepend") {
        normalizer.kind = Normalizer::Kind::kPrepend;
        normalizer.to = String(step["prepend"], where + ".prepend");
      } else {
        Unknown(fmt::format("unknown normalizer {}", type));
      }
      definition_.normalizers.push_back(std::move(normalizer));
      CheckSteps(definition_.normalizers.size(), where);
    });
  }

  PreTokenizerStep::Behavior BehaviorOf(const object& step) const {
    using Behavior = PreTokenizerStep::Behavior;
    constexpr std::pair<const char*, Behavior> kNames[] = {
        {"Isolated", Behavior::kIsolated},
        {"Removed", Behavior::kRemoved},
        {"MergedWithPrevious", Behavior::kMergedWithPrevious},
        {"MergedWithNext", Behavior::kMergedWithNext},
        {"Contiguous", Behavior::kContiguous}};
    if (Absent(step["behavior"])) return Behavior::kIsolated;
    const std::string_view name = String(step["behavior"], "pre_tokenizer.behavior");
    for (const auto& [known, behavior] : kNames) {
      if (name == known) return behavior;
    }
    Unknown(fmt::format("unknown behavior {} of a pre-tokenizer", name));
  }

  void ReadPreTokenizer(const Found& found, const std::string& where, int depth) {
    using Kind = PreTokenizerStep::Kind;
    ForSteps(found, where, "pretokenizers", depth, [&](const object& step) {
      const std::string type = TypeOf(step);
      PreTokenizerStep out;
      if (type == "Split") {
        bool regex = false;
        out.pattern = PatternOf(step, where, &regex);
        out.literal = !regex;
        out.behavior = BehaviorOf(step);
        out.invert = Bool(step, "invert", false);
      } else if (type == "ByteLevel") {
        out.kind = Kind::kByteLevel;
        out.add_space = Bool(step, "add_prefix_space", true);
        out.use_regex = Bool(step, "use_regex", true);
      } else if (type == "Digits") {
        out.kind = Kind::kDigits;
        out.individual = Bool(step, "individual_digits", false);
      } else if (type == "Punctuation") {
        out.kind = Kind::kPunctuation;
        out.behavior = BehaviorOf(step);
      } else if (type == "Whitespace") {
        out.pattern = R"(\w+|[^\w\s]+)";
        out.behavior = PreTokenizerStep::Behavior::kRemoved;
        out.invert = true;
      } else if (type == "WhitespaceSplit") {
        out.pattern = R"(\s)";
        out.behavior = PreTokenizerStep::Behavior::kRemoved;
      } else if (type == "Metaspace") {
        ReadMetaspace(step, &out);
      } else {
        Unknown(fmt::format("unknown pre-tokenizer {}", type));
      }
      definition_.pre_tokenizer.push_back(std::move(out));
      CheckSteps(definition_.pre_tokenizer.size(), where);
    });
  }

  void ReadMetaspace(const object& step, PreTokenizerStep* out) const {
    out->kind = PreTokenizerStep::Kind::kMetaspace;
    const std::string_view replacement = String(step["replacement"], "Metaspace.replacement");
    if (replacement != "\u2581") {
      Unknown(fmt::format("Metaspace with '{}' for a space", replacement));
    }
    std::string_view scheme = Bool(step, "add_prefix_space", true) ? "always" : "never";
    if (!Absent(step["prepend_scheme"])) scheme = String(step["prepend_scheme"], "prepend_scheme");
    if (scheme != "always" && scheme != "first" && scheme != "never") {
      Unknown(fmt::format("unknown prepend_scheme {}", scheme));
    }
    out->prepend = scheme == "always"  ? PreTokenizerStep::Prepend::kAlways
                   : scheme == "first" ? PreTokenizerStep::Prepend::kFirst
                                       : PreTokenizerStep::Prepend::kNever;
    out->split = Bool(step, "split", true);
  }

  TokenizerDefinition definition_;
  std::unordered_map<std::string, int32_t> ids_;
};

}  // namespace

TokenizerDefinition ReadTokenizerJson(const std::string& path) {
  const MappedFile file(path);
  if (file.bytes().empty()) throw Error(path + ": is empty", kDownloadHint);
  if (file.bytes().starts_with("version https://git-lfs")) {
    throw Error(path + ": is a Git LFS pointer, not the file itself",
                "fetch it with `git lfs pull`");
  }
  if (file.bytes().size() > kMostBytes) {
    throw Error(fmt::format("{}: has {} MB, expected a tokenizer of at most {} MB", path,
                            file.bytes().size() >> 20, kMostBytes >> 20),
                kDownloadHint);
  }
  return Reader(path).Read(file.bytes());
}

}  // namespace rsr
