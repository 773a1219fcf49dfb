#include "tokenizer/least_tokens.h"

#include <algorithm>

#include "tokenizer/text.h"

namespace rsr {
namespace {

constexpr char32_t kMark = 0x2581;  // SentencePiece's stand-in for a space

// Not white space, which added tokens take and steps drop; not what a composed form may swallow;
// not control characters and unassigned planes, whose bytes published vocabularies lack.
bool Counts(char32_t c) {
  if (c < 0x7F) return c > ' ';
  return c >= 0xA0 && c < 0x40000 && c != kMark && !IsWhiteSpace(c) && BeginsSegment(c);
}

// Whether every byte of a character that counts has a token.
bool KnowsBytes(const TokenizerDefinition& definition) {
  std::vector<bool> known(256);
  for (const std::string& token : definition.tokens) {
    if (token.empty() || token.size() > 2) continue;
    const std::u32string chars = DecodeText(token, 0, token.size()).chars;
    const int byte = chars.size() == 1 ? CharToByte(chars[0]) : -1;
    if (byte >= 0) known[byte] = true;
  }
  const auto all = [&](int from, int to) {
    return std::all_of(known.begin() + from, known.begin() + to, [](bool b) { return b; });
  };
  return all('!', 0x7F) && all(0x80, 0xC0) && all(0xC2, 0xF1);
}

bool IsByteLevel(const TokenizerDefinition& definition) {
  return std::any_of(
      definition.pre_tokenizer.begin(), definition.pre_tokenizer.end(),
      [](const auto& step) { return step.kind == PreTokenizerStep::Kind::kByteLevel; });
}

bool MayDrop(const TokenizerDefinition& definition) {
  for (const PreTokenizerStep& step : definition.pre_tokenizer) {
    if (step.behavior == PreTokenizerStep::Behavior::kRemoved) return true;
  }
  for (const Normalizer& step : definition.normalizers) {
    const bool of_spaces = !step.regex && step.from == " ";
    if (step.kind == Normalizer::Kind::kReplace && !of_spaces) return true;
  }
  return !definition.byte_fallback && !(IsByteLevel(definition) && KnowsBytes(definition));
}

bool IsNoSpace(char32_t c) { return !IsWhiteSpace(c) && c != kMark; }

bool IsNoSpaceByte(char32_t c) {  // in GPT-2's alphabet
  const int byte = CharToByte(c);
  return byte != ' ' && !(byte >= '\t' && byte <= '\r');
}

int64_t CountChars(std::string_view text, bool (*counts)(char32_t)) {
  int64_t count = 0;
  for (char32_t c; !text.empty();) {
    text.remove_prefix(DecodeChar(text, &c));
    count += counts(c);
  }
  return count;
}

}  // namespace

LeastTokens::LeastTokens(const TokenizerDefinition& definition,
                         const std::vector<std::u32string>& normalized) {
  if (MayDrop(definition)) return;
  const auto counts = IsByteLevel(definition) ? IsNoSpaceByte : IsNoSpace;
  int64_t most = 1;
  for (const std::string& token : definition.tokens)
    most = std::max(most, CountChars(token, counts));
  for (const AddedToken& token : definition.added) {
    most = std::max(most, CountChars(token.content, IsNoSpace));
  }
  for (const std::u32string& token : normalized) {
    most = std::max<int64_t>(most, std::count_if(token.begin(), token.end(), IsNoSpace));
  }
  most_in_token_ = most;
}

int64_t LeastTokens::Of(std::string_view text) const {
  if (most_in_token_ == 0) return 0;
  return (CountChars(text, Counts) + most_in_token_ - 1) / most_in_token_;
}

}  // namespace rsr
