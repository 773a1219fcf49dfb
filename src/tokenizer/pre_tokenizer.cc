#include "tokenizer/pre_tokenizer.h"

#include "rsr/error.h"

namespace rsr {
namespace {

using Word = PreTokenizer::Word;
using Words = std::vector<Word>;
using Behavior = PreTokenizerStep::Behavior;
constexpr char32_t kMark = 0x2581;  // SentencePiece's stand-in for a space

// Collects the pieces of one word, delimiters and what lies between, and emits them by `behavior`.
class Cutter {
 public:
  Cutter(Word word, Behavior behavior, bool invert, Words* out)
      : word_(word), behavior_(behavior), invert_(invert), at_(word.begin), out_(out) {}

  void Match(size_t begin, size_t end) {
    if (at_ < begin) Piece(at_, begin, invert_);
    Piece(begin, end, !invert_);
    at_ = end;
  }
  void Finish() {
    if (at_ < word_.end) Piece(at_, word_.end, invert_);
    if (open_) out_->push_back(pending_);
  }

 private:
  void Piece(size_t begin, size_t end, bool delimiter) {
    const bool joins =
        open_ && (behavior_ == Behavior::kMergedWithPrevious ? delimiter && !pending_delimiter_
                  : behavior_ == Behavior::kMergedWithNext
                      ? !delimiter && pending_delimiter_
                      : behavior_ == Behavior::kContiguous && delimiter == pending_delimiter_);
    if (delimiter && behavior_ == Behavior::kRemoved) return;
    if (joins) {
      pending_.end = end;
    } else {
      if (open_) out_->push_back(pending_);
      pending_ = {begin, end};
      open_ = true;
    }
    pending_delimiter_ = delimiter;
  }

  Word word_;
  Behavior behavior_;
  bool invert_;
  size_t at_;
  Word pending_ = {0, 0};
  bool open_ = false, pending_delimiter_ = false;
  Words* out_;
};

Words CutAt(const Pattern& pattern, Behavior behavior, bool invert, const std::u32string& chars,
            const Words& words) {
  Words out;
  out.reserve(words.size() * 4);
  for (const Word word : words) {
    Cutter cutter(word, behavior, invert, &out);
    pattern.FindAll(chars, word.begin, word.end,
                    [&](size_t begin, size_t end) { cutter.Match(begin, end); });
    cutter.Finish();
  }
  return out;
}

// At every character that `is_delimiter`.
template <typename Predicate>
Words CutAtChars(Predicate is_delimiter, Behavior behavior, const std::u32string& chars,
                 const Words& words) {
  Words out;
  for (const Word word : words) {
    Cutter cutter(word, behavior, false, &out);
    for (size_t at = word.begin; at < word.end; ++at) {
      if (is_delimiter(chars[at])) cutter.Match(at, at + 1);
    }
    cutter.Finish();
  }
  return out;
}

// Puts `before` in front of every word for which it is asked; the words move with it.
template <typename Predicate>
void Prepend(char32_t before, Predicate wanted, TokenizerText* text, Words* words) {
  TokenizerText out;
  out.chars.reserve(text->chars.size() + words->size());
  out.begin.reserve(text->begin.size() + words->size());
  size_t at = 0;
  for (Word& word : *words) {
    const bool prepend = wanted(word);
    for (; at < word.begin; ++at) out.Add(text->chars[at], text->begin[at]);  // cut out by a step
    const size_t begin = out.chars.size();
    if (prepend) out.Add(before, text->begin[word.begin]);
    for (; at < word.end; ++at) out.Add(text->chars[at], text->begin[at]);
    word = {begin, out.chars.size()};
  }
  for (; at < text->chars.size(); ++at) out.Add(text->chars[at], text->begin[at]);
  out.End(text->begin.back());
  *text = std::move(out);
}

void EncodeBytes(TokenizerText* text, Words* words) {
  TokenizerText out;
  out.chars.reserve(text->chars.size() + text->chars.size() / 4);
  out.begin.reserve(text->begin.size() + text->begin.size() / 4);
  size_t at = 0;
  std::string bytes;
  for (Word& word : *words) {
    at = word.begin;
    const size_t begin = out.chars.size();
    for (; at < word.end; ++at) {
      const char32_t c = text->chars[at];
      if (c < 0x80) {
        out.Add(ByteToChar(static_cast<uint8_t>(c)), text->begin[at]);
        continue;
      }
      bytes.clear();
      AppendUtf8(c, &bytes);
      const uint32_t last = text->begin[at + 1];
      for (size_t i = 0; i < bytes.size(); ++i) {
        // Normalized characters may be longer than what they came from.
        out.Add(ByteToChar(static_cast<uint8_t>(bytes[i])),
                std::min(text->begin[at] + static_cast<uint32_t>(i),
                         std::max(last, text->begin[at] + 1) - 1));
      }
    }
    word = {begin, out.chars.size()};
  }
  out.End(text->begin.back());
  *text = std::move(out);
}

}  // namespace

PreTokenizer::PreTokenizer(const TokenizerDefinition& definition) {
  for (const PreTokenizerStep& options : definition.pre_tokenizer) {
    Step& step = steps_.emplace_back();
    step.options = options;
    try {
      if (options.kind == PreTokenizerStep::Kind::kSplit) {
        step.pattern.push_back(options.literal ? Pattern::Literal(options.pattern)
                                               : Pattern(options.pattern));
      } else if (options.kind == PreTokenizerStep::Kind::kByteLevel && options.use_regex) {
        step.pattern.emplace_back(kGpt2Pattern);
      }
    } catch (const Error& error) {
      throw Error(definition.where + ": " + error.message(), kConvertTokenizerHint);
    }
  }
}

std::vector<Word> PreTokenizer::Split(TokenizerText* text, bool first) const {
  Words words;
  if (text->chars.empty()) return words;
  words.push_back({0, text->chars.size()});
  static const uint32_t kNumbers = CategoryMask("N");
  const auto is_digit = [](char32_t c) { return (CategoryBit(c) & kNumbers) != 0; };
  for (const Step& step : steps_) {
    const PreTokenizerStep& options = step.options;
    switch (options.kind) {
      case PreTokenizerStep::Kind::kSplit:
        words = CutAt(step.pattern[0], options.behavior, options.invert, text->chars, words);
        break;
      case PreTokenizerStep::Kind::kDigits:
        words =
            CutAtChars(is_digit, options.individual ? Behavior::kIsolated : Behavior::kContiguous,
                       text->chars, words);
        break;
      case PreTokenizerStep::Kind::kPunctuation:
        words = CutAtChars(IsPunctuation, options.behavior, text->chars, words);
        break;
      case PreTokenizerStep::Kind::kByteLevel:
        if (options.add_space) {
          Prepend(
              U' ', [&](const Word& word) { return text->chars[word.begin] != U' '; }, text,
              &words);
        }
        if (options.use_regex) {
          words = CutAt(step.pattern[0], Behavior::kIsolated, false, text->chars, words);
        }
        EncodeBytes(text, &words);
        break;
      case PreTokenizerStep::Kind::kMetaspace:
        for (char32_t& c : text->chars) c = c == U' ' ? kMark : c;
        if (options.prepend != PreTokenizerStep::Prepend::kNever) {
          const bool all = options.prepend == PreTokenizerStep::Prepend::kAlways;
          Prepend(
              kMark,
              [&](const Word& word) {
                return text->chars[word.begin] != kMark && (all || (first && word.begin == 0));
              },
              text, &words);
        }
        if (options.split) {
          words = CutAtChars([](char32_t c) { return c == kMark; }, Behavior::kMergedWithNext,
                             text->chars, words);
        }
        break;
    }
  }
  return words;
}

}  // namespace rsr
