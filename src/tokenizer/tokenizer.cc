#include "tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "rsr/error.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/bpe.h"
#include "tokenizer/least_tokens.h"
#include "tokenizer/pattern.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/text.h"

namespace rsr {
namespace {

// A normalizer ready for use.
struct NormalizerStep {
  Normalizer::Kind kind;
  std::vector<Pattern> from;  // kReplace: one
  std::u32string to;
};

std::vector<NormalizerStep> Prepare(const TokenizerDefinition& definition) {
  std::vector<NormalizerStep> steps;
  for (const Normalizer& normalizer : definition.normalizers) {
    NormalizerStep& step = steps.emplace_back();
    step.kind = normalizer.kind;
    step.to = DecodeText(normalizer.to, 0, normalizer.to.size()).chars;
    if (normalizer.kind != Normalizer::Kind::kReplace) continue;
    try {
      step.from.push_back(normalizer.regex ? Pattern(normalizer.from)
                                           : Pattern::Literal(normalizer.from));
    } catch (const Error& error) {
      throw Error(definition.where + ": normalizer: " + error.message(), kConvertTokenizerHint);
    }
  }
  return steps;
}

// Bounds what a stranger's normalizer may make of a text: those of published families make at most
// three characters of one.
struct Growth {
  size_t given;
  const std::string& where;

  void Check(size_t size) const {
    constexpr size_t kMostTimes = 16, kShort = 1024;
    if (size <= kMostTimes * given + kShort) return;
    throw Error(fmt::format("{}: its normalizer makes more than {} characters of {}", where,
                            kMostTimes * given + kShort, given),
                kConvertTokenizerHint);
  }
};

TokenizerText Replace(const TokenizerText& text, const Pattern& from, std::u32string_view to,
                      const Growth& growth) {
  TokenizerText out;
  size_t done = 0;
  const auto copy = [&](size_t end) {
    for (; done < end; ++done) out.Add(text.chars[done], text.begin[done]);
  };
  from.FindAll(text.chars, 0, text.chars.size(), [&](size_t begin, size_t end) {
    copy(begin);
    growth.Check(out.chars.size() + to.size());
    for (size_t i = 0; i < to.size(); ++i) {
      out.Add(to[i], text.begin[std::min(begin + i, end - 1)]);
    }
    done = end;
  });
  copy(text.chars.size());
  out.End(text.begin.back());
  return out;
}

TokenizerText Normalize(const std::vector<NormalizerStep>& steps, TokenizerText text,
                        const std::string& where) {
  const Growth growth{text.chars.size(), where};
  for (const NormalizerStep& step : steps) {
    switch (step.kind) {
      case Normalizer::Kind::kNfc:
        text = NormalizeC(std::move(text));
        break;
      case Normalizer::Kind::kReplace:
        text = Replace(text, step.from[0], step.to, growth);
        break;
      case Normalizer::Kind::kPrepend:
        if (text.chars.empty()) break;
        growth.Check(text.chars.size() + step.to.size());
        text.chars.insert(0, step.to);
        text.begin.insert(text.begin.begin(), step.to.size(), text.begin[0]);
        break;
    }
  }
  return text;
}

std::vector<const AddedToken*> Matching(const std::vector<AddedToken>& all, bool normalized) {
  std::vector<const AddedToken*> tokens;
  for (const AddedToken& token : all) {
    if (token.normalized == normalized) tokens.push_back(&token);
  }
  return tokens;
}

TokenizerText Slice(const TokenizerText& text, size_t begin, size_t end) {
  TokenizerText out;
  out.chars = text.chars.substr(begin, end - begin);
  out.begin.assign(text.begin.begin() + static_cast<ptrdiff_t>(begin),
                   text.begin.begin() + static_cast<ptrdiff_t>(end) + 1);
  return out;
}

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(TokenizerDefinition given)
      : definition(std::move(given)),
        normalizers(Prepare(definition)),
        raw_tokens(Matching(definition.added, false)),
        normalized_tokens(Matching(definition.added, true), NormalizedContents()),
        pre_tokenizer(definition),
        bpe(definition),
        least_tokens(definition, NormalizedContents()) {
    for (const AddedToken& token : definition.added) added_by_id.emplace(token.id, &token);
    byte_level = std::any_of(
        definition.pre_tokenizer.begin(), definition.pre_tokenizer.end(),
        [](const auto& step) { return step.kind == PreTokenizerStep::Kind::kByteLevel; });
  }

  std::vector<std::u32string> NormalizedContents() const {
    std::vector<std::u32string> contents;
    for (const AddedToken* token : Matching(definition.added, true)) {
      contents.push_back(Normalize(normalizers,
                                   DecodeText(token->content, 0, token->content.size()),
                                   definition.where)
                             .chars);
    }
    return contents;
  }

  void EncodeWords(TokenizerText text, bool first, Tokens* out) const {
    std::vector<Bpe::Symbol> symbols;
    for (const PreTokenizer::Word& word : pre_tokenizer.Split(&text, first)) {
      symbols.clear();
      bpe.Encode(text.chars, word.begin, word.end, &symbols);
      for (const Bpe::Symbol& symbol : symbols) {
        out->ids.push_back(symbol.id);
        const uint32_t begin = text.begin[symbol.begin], next = text.begin[symbol.begin + 1];
        out->begins.push_back(next > begin ? std::min(begin + symbol.byte, next - 1) : begin);
      }
    }
  }

  const TokenizerDefinition definition;
  std::vector<NormalizerStep> normalizers;
  AddedTokens raw_tokens, normalized_tokens;
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  LeastTokens least_tokens;
  std::unordered_map<int32_t, const AddedToken*> added_by_id;
  bool byte_level = false;
};

Tokenizer::Tokenizer(TokenizerDefinition definition)
    : impl_(std::make_unique<Impl>(std::move(definition))) {}
Tokenizer::~Tokenizer() = default;

const TokenizerDefinition& Tokenizer::definition() const { return impl_->definition; }

Tokens Tokenizer::Encode(std::string_view bytes) const {
  Tokens out;
  out.ids.reserve(bytes.size() / 3);
  out.begins.reserve(bytes.size() / 3);
  const TokenizerText text = DecodeText(bytes, 0, bytes.size());
  const auto add = [&](const AddedToken* token, uint32_t begin) {
    out.ids.push_back(token->id);
    out.begins.push_back(begin);
  };
  impl_->raw_tokens.Split(text.chars, [&](size_t begin, size_t end, const AddedToken* token) {
    if (token != nullptr) return add(token, text.begin[begin]);
    const bool first = begin == 0;
    const TokenizerText piece =
        Normalize(impl_->normalizers, Slice(text, begin, end), impl_->definition.where);
    impl_->normalized_tokens.Split(
        piece.chars, [&](size_t from, size_t to, const AddedToken* inner) {
          if (inner != nullptr) return add(inner, piece.begin[from]);
          impl_->EncodeWords(Slice(piece, from, to), first && from == 0, &out);
        });
  });
  out.begins.push_back(static_cast<int64_t>(bytes.size()));
  return out;
}

int64_t Tokenizer::LeastTokensOf(std::string_view text) const {
  return impl_->least_tokens.Of(text);
}

std::string Tokenizer::Piece(int32_t id) const {
  const auto added = impl_->added_by_id.find(id);
  if (added != impl_->added_by_id.end()) return added->second->content;
  const std::string& token = impl_->definition.tokens[id];
  const std::u32string chars = DecodeText(token, 0, token.size()).chars;
  std::string piece;
  if (impl_->byte_level) {
    for (const char32_t c : chars) {
      const int byte = CharToByte(c);
      if (byte < 0) return token;  // a token that no merge can lead to
      piece += static_cast<char>(byte);
    }
    return piece;
  }
  unsigned byte = 0;
  int used = 0;
  if (impl_->definition.byte_fallback && token.size() == 6 &&
      std::sscanf(token.c_str(), "<0x%2X>%n", &byte, &used) == 1 && used == 6) {
    return std::string(1, static_cast<char>(byte));
  }
  for (const char32_t c : chars) {
    if (c == 0x2581) {
      piece += ' ';
    } else {
      AppendUtf8(c, &piece);
    }
  }
  return piece;
}

}  // namespace rsr
