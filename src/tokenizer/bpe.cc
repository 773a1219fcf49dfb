#include "tokenizer/bpe.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "rsr/error.h"
#include "tokenizer/text.h"

namespace rsr {
namespace {

constexpr char32_t kTabled = 0x3000;

uint64_t Key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

struct Candidate {
  int32_t rank, result;
  int32_t left;                                   // index of the left symbol
  bool operator<(const Candidate& other) const {  // the queue gives the greatest first
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

}  // namespace

Bpe::Bpe(const TokenizerDefinition& definition)
    : ignore_merges_(definition.ignore_merges),
      fuse_unk_(definition.fuse_unk),
      unk_(definition.unk) {
  const std::vector<std::string>& tokens = definition.tokens;
  ids_.reserve(tokens.size());
  of_char_.assign(kTabled, -1);
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (tokens[id].empty()) continue;
    ids_.emplace(tokens[id], static_cast<int32_t>(id));
    const std::u32string chars =
        DecodeText(tokens[id], 0, std::min<size_t>(tokens[id].size(), 8)).chars;
    if (chars.size() == 1 && chars[0] < kTabled) of_char_[chars[0]] = static_cast<int32_t>(id);
  }
  if (definition.byte_fallback) {
    for (int byte = 0; byte < 256; ++byte) {
      of_byte_.push_back(Find(fmt::format("<0x{:02X}>", byte)));
      if (of_byte_.back() < 0) {
        throw Error(fmt::format("{}: byte_fallback is set, but the token <0x{:02X}> is missing",
                                definition.where, byte),
                    "the file is damaged, or of a tokenizer that rsr does not know");
      }
    }
  }
  merges_.reserve(definition.merges.size());
  for (size_t rank = 0; rank < definition.merges.size(); ++rank) {
    const auto [left, right] = definition.merges[rank];
    const int32_t result = Find(tokens[left] + tokens[right]);
    if (result < 0) {
      throw Error(fmt::format("{}: merge {} ('{}' + '{}') gives a text that is no token",
                              definition.where, rank + 1, tokens[left], tokens[right]),
                  "the file is damaged");
    }
    // Where a pair is listed twice the last one counts, as in transformers.
    merges_[Key(left, right)] = {static_cast<int32_t>(rank), result};
  }
}

int32_t Bpe::Find(std::string_view token) const {
  const auto found = ids_.find(std::string(token));
  return found == ids_.end() ? -1 : found->second;
}

const Bpe::Merge* Bpe::FindMerge(int32_t left, int32_t right) const {
  const auto found = merges_.find(Key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

int32_t Bpe::OfChar(char32_t c) const {
  if (c < kTabled) return of_char_[c];
  std::string text;
  AppendUtf8(c, &text);
  return Find(text);
}

// One symbol a character; what has no token becomes bytes, the unknown token, or nothing.
void Bpe::Seed(std::u32string_view text, size_t begin, size_t end, std::vector<Symbol>* out) const {
  bool unknown_before = false;
  for (size_t at = begin; at < end; ++at) {
    const int32_t id = OfChar(text[at]);
    if (id >= 0) {
      out->push_back({id, static_cast<uint32_t>(at), 0});
      unknown_before = false;
    } else if (!of_byte_.empty()) {
      std::string bytes;
      AppendUtf8(text[at], &bytes);
      for (size_t i = 0; i < bytes.size(); ++i) {
        out->push_back({of_byte_[static_cast<uint8_t>(bytes[i])], static_cast<uint32_t>(at),
                        static_cast<uint32_t>(i)});
      }
      unknown_before = false;
    } else if (unk_ >= 0) {
      if (!(unknown_before && fuse_unk_)) out->push_back({unk_, static_cast<uint32_t>(at), 0});
      unknown_before = true;
    }
  }
}

void Bpe::Encode(std::u32string_view text, size_t begin, size_t end,
                 std::vector<Symbol>* out) const {
  if (ignore_merges_) {
    const int32_t whole = Find(ToUtf8(text.substr(begin, end - begin)));
    if (whole >= 0) {
      out->push_back({whole, static_cast<uint32_t>(begin), 0});
      return;
    }
  }
  std::vector<Symbol> symbols;
  Seed(text, begin, end, &symbols);
  const int32_t count = static_cast<int32_t>(symbols.size());
  std::vector<int32_t> next(symbols.size()), previous(symbols.size());
  std::vector<Candidate> storage;
  storage.reserve(symbols.size());
  std::priority_queue<Candidate> queue({}, std::move(storage));
  const auto offer = [&](int32_t left, int32_t right) {
    const Merge* merge = FindMerge(symbols[left].id, symbols[right].id);
    if (merge != nullptr) queue.push({merge->rank, merge->result, left});
  };
  for (int32_t i = 0; i < count; ++i) {
    next[i] = i + 1 < count ? i + 1 : -1;
    previous[i] = i - 1;
    if (i > 0) offer(i - 1, i);
  }
  constexpr int32_t kGone = -1;
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const int32_t left = best.left, right = symbols[left].id == kGone ? -1 : next[left];
    if (right < 0) continue;
    const Merge* merge = FindMerge(symbols[left].id, symbols[right].id);
    if (merge == nullptr || merge->result != best.result) continue;  // offered before another merge
    symbols[left].id = best.result;
    symbols[right].id = kGone;
    next[left] = next[right];
    if (next[left] >= 0) {
      previous[next[left]] = left;
      offer(left, next[left]);
    }
    if (previous[left] >= 0) offer(previous[left], left);
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.id != kGone) out->push_back(symbol);
  }
}

}  // namespace rsr
