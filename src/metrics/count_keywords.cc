#include "metrics/count_keywords.h"

#include <algorithm>
#include <cstring>

namespace rsr {
namespace {

// Counts the keywords of one stretch, of which only the few tokens are read that one may be in.
class KeywordReader {
 public:
  // The tokens of [begin, end).
  KeywordReader(const int32_t* ids, const VocabTraits& vocab, size_t begin, size_t end,
                KeywordCounts* counts)
      : ids_(ids), vocab_(vocab), begin_(begin), end_(end), next_(begin), counts_(counts) {}

  // Token k, where one `goes_on` also the token before it in which it may have begun; on as far as
  // it may go. Nothing is read twice.
  void Read(size_t k, bool goes_on) {
    const size_t token = k;
    if (goes_on) {
      do --k;
      while (vocab_.of(ids_[k]).empty);
    }
    k = std::max(k, next_);
    if (k > token) return;
    uint8_t state = BeginsInWord(k) ? kOtherWord : kWordBoundary;
    do {
      state = ReadKeywords(vocab_.piece(ids_[k++]), state, counts_);
    } while (k <= token || (state > kOtherWord && k < end_ && GoesOn(vocab_.of(ids_[k]))));
    EndKeywords(state, counts_);
    next_ = k;
  }

 private:
  bool BeginsInWord(size_t k) const {
    while (k > begin_ && vocab_.of(ids_[k - 1]).empty) --k;
    return k > begin_ && vocab_.of(ids_[k - 1]).ends_in_letter;
  }
  static bool GoesOn(const TokenTraits& token) {
    return token.empty || token.begin & kKeywordGoesOn;
  }

  const int32_t* ids_;
  const VocabTraits& vocab_;
  size_t begin_, end_, next_;  // next: behind the last token that was read
  KeywordCounts* counts_;
};

}  // namespace

KeywordCounts CountKeywords(const TokenColumns& tokens, const std::vector<size_t>& stretches,
                            const TextMarks& text, const VocabTraits& vocab) {
  constexpr size_t kAtOnce = 8;  // most tokens have no part in a keyword: look at several
  constexpr uint8_t kMaybe = kKeywordGoesOn | kHasToBeRead;
  const int32_t* ids = tokens.token_id.data();
  const uint8_t* marks = text.marks.get();
  KeywordCounts counts;
  size_t k = 0;
  for (const size_t end : stretches) {
    KeywordReader reader(ids, vocab, k, end, &counts);
    while (k < end) {
      uint64_t several = 0;
      if (k + kAtOnce <= end) {
        std::memcpy(&several, marks + k, kAtOnce);
        if ((several & (UINT64_MAX / UINT8_MAX * kMaybe)) == 0) {
          k += kAtOnce;
          continue;
        }
      }
      for (const size_t stop = std::min(k + kAtOnce, end); k < stop; ++k) {
        if (marks[k] & kMaybe) reader.Read(k, marks[k] & kKeywordGoesOn);
      }
    }
  }
  return counts;
}

}  // namespace rsr
