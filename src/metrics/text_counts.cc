#include "metrics/text_counts.h"

#include <algorithm>

#include "metrics/stretch.h"

namespace rsr {
namespace {

// Counts the keywords of one stretch, of which only the few tokens are read that one may be in.
class KeywordReader {
 public:
  // The tokens of [begin, end).
  KeywordReader(const int32_t* ids, const TokenTraits* traits, const VocabTraits& vocab,
                size_t begin, size_t end, KeywordCounts* counts)
      : ids_(ids),
        traits_(traits),
        vocab_(vocab),
        begin_(begin),
        end_(end),
        next_(begin),
        counts_(counts) {}

  // Token `to` and, where a keyword may have begun in it, `from` before it; on as far as the
  // keyword may go. Nothing is read twice.
  void Read(size_t from, size_t to) {
    size_t k = std::max(from, next_);
    if (k > to) return;
    uint8_t state = BeginsInWord(k) ? kOtherWord : kWordBoundary;
    do {
      state = ReadKeywords(vocab_.piece(ids_[k++]), state, counts_);
    } while (k <= to || (state > kOtherWord && k < end_ && GoesOn(k)));
    EndKeywords(state, counts_);
    next_ = k;
  }

 private:
  bool BeginsInWord(size_t k) const {
    while (k > begin_ && traits_[k - 1].empty) --k;
    return k > begin_ && traits_[k - 1].ends_in_letter;
  }
  bool GoesOn(size_t k) const { return traits_[k].empty || traits_[k].begin & kKeywordGoesOn; }

  const int32_t* ids_;
  const TokenTraits* traits_;
  const VocabTraits& vocab_;
  size_t begin_, end_, next_;  // next: behind the last token that was read
  KeywordCounts* counts_;
};

}  // namespace

TextCounts CountText(const TokenColumns& tokens, const TokenTraits* traits,
                     const VocabTraits& vocab) {
  const int32_t* ids = tokens.token_id.data();
  int64_t chars = 0, words = 0;
  KeywordCounts keywords;
  for (size_t begin = 0, end; begin < tokens.token_id.size(); begin = end) {
    end = StretchEnd(tokens, begin);
    KeywordReader reader(ids, traits, vocab, begin, end, &keywords);
    uint8_t before = kWordBegins | kHasToBeRead;  // as behind white space
    size_t last = begin;                          // token that was not empty
    for (size_t k = begin; k < end; ++k) {
      const TokenTraits& token = traits[k];
      const uint8_t meeting = before & token.begin;
      chars += token.chars;
      words += token.words + (meeting & kWordBegins);
      if (meeting & (kKeywordGoesOn | kHasToBeRead)) {
        if (token.empty) continue;
        reader.Read(meeting & kKeywordGoesOn ? last : k, k);
      }
      before = token.end;
      last = k;
    }
  }
  return {chars, words, keywords};
}

}  // namespace rsr
