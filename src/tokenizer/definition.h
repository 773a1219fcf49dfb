// What makes a tokenizer, whatever file it came from: a Hugging Face tokenizer.json or a GGUF
// header.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rsr {

// A token that is found in the text before anything else looks at it.
struct AddedToken {
  int32_t id = 0;
  std::string content;  // UTF-8
  bool special = false;
  bool normalized = false;              // looked for in the normalized text
  bool single_word = false;             // only where no letter, digit or mark touches it
  bool lstrip = false, rstrip = false;  // takes the white space before / behind it
};

struct Normalizer {
  enum class Kind { kNfc, kReplace, kPrepend };
  Kind kind = Kind::kNfc;
  std::string from, to;  // kPrepend: `to` goes before text that is not empty
  bool regex = false;    // kReplace: `from` is a pattern, not the text itself
};

// One step of cutting text into words; merges never cross a cut.
struct PreTokenizerStep {
  enum class Kind {
    kSplit,        // at the matches of `pattern`
    kDigits,       // runs of digits apart from the rest; each on its own with `individual`
    kPunctuation,  // each mark on its own, by `behavior`
    kByteLevel,    // every byte becomes a printable character (GPT-2)
    kMetaspace     // spaces become U+2581
  };
  enum class Behavior { kIsolated, kRemoved, kMergedWithPrevious, kMergedWithNext, kContiguous };
  enum class Prepend { kNever, kFirst, kAlways };
  Kind kind = Kind::kSplit;
  std::string pattern;   // kSplit: UTF-8
  bool literal = false;  // kSplit: the pattern is plain text
  Behavior behavior = Behavior::kIsolated;
  bool invert = false;                // kSplit: what the pattern does not match are the delimiters
  bool individual = false;            // kDigits
  bool add_space = false;             // kByteLevel: a space before every piece that has none
  bool use_regex = false;             // kByteLevel: GPT-2's pattern splits first
  Prepend prepend = Prepend::kNever;  // kMetaspace: U+2581 before the first piece, or before all
  bool split = false;                 // kMetaspace: at every U+2581
};

struct TokenizerDefinition {
  std::string where;  // file, for messages
  // The model's vocabulary by id (byte-level families: in GPT-2's alphabet), long enough for the
  // ids of `added` too. Empty: an id that no merge leads to.
  std::vector<std::string> tokens;
  std::vector<std::pair<int32_t, int32_t>> merges;  // ids, best first; the result is a token
  std::vector<AddedToken> added;
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizerStep> pre_tokenizer;
  bool byte_fallback = false;  // a character without token becomes the tokens <0xNN> of its bytes
  bool ignore_merges = false;  // a word that is a token is that token
  bool fuse_unk = false;
  int32_t unk = -1;  // for a character without token; -1: it is dropped, as transformers does
};

// What to do about a tokenizer that rsr cannot read.
inline constexpr const char* kConvertTokenizerHint =
    "convert the model with llama.cpp's convert_hf_to_gguf.py and give the .gguf";

// GPT-2's pattern, which ByteLevel uses by default.
inline constexpr const char* kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace rsr
