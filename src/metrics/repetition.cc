#include "metrics/repetition.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "metrics/stretch.h"

namespace rsr {
namespace {

constexpr int32_t kGram = 8;

// Two tokens of the gram of which `first` is the first, as one number.
uint64_t Pair(const int32_t* first, int i) {
  uint64_t pair;
  std::memcpy(&pair, first + 2 * i, sizeof(pair));
  return pair;
}

// The high bits depend on all tokens. The factors are those of SplitMix64 and L'Ecuyer's tables.
uint64_t Hash(const int32_t* first) {
  return Pair(first, 0) * 0x9E3779B97F4A7C15u + Pair(first, 1) * 0xBF58476D1CE4E5B9u +
         Pair(first, 2) * 0x94D049BB133111EBu + Pair(first, 3) * 0xD1342543DE82EF95u;
}

bool Same(const int32_t* a, const int32_t* b) {
  return ((Pair(a, 0) ^ Pair(b, 0)) | (Pair(a, 1) ^ Pair(b, 1)) | (Pair(a, 2) ^ Pair(b, 2)) |
          (Pair(a, 3) ^ Pair(b, 3))) == 0;
}

// Where each 8-gram of a trajectory last ended: chains of different grams of one hash, the grams
// themselves compared, so exact. With 4 to 8 chains a token most hold one gram or none
// (twice as many: fewer of two grams, which processors do not foresee, but out of the cache).
class LastEnds {
 public:
  explicit LastEnds(const std::vector<int32_t>& ids) : ids_(ids.data()) {
    // Kept from one trajectory to the next: ends count on, so that the chains need not be cleared
    // for each; what is not above `before_` is another's.
    static thread_local std::vector<uint32_t> newest;
    static thread_local std::vector<int32_t> older;
    static thread_local uint32_t used = 0;
    const size_t chains = std::bit_ceil(4 * ids.size() + 2);
    if (newest.size() < chains || ids.size() >= UINT32_MAX - used) {
      newest.assign(std::max(chains, newest.size()), 0);
      used = 0;
    }
    if (older.size() < ids.size()) older.resize(ids.size());
    newest_ = newest.data();
    older_ = older.data();
    shift_ = 64 - std::countr_zero(chains);
    before_ = used;
    used += static_cast<uint32_t>(ids.size());
  }

  // The last end of the gram that ends at `end`, or -1; `end` takes its place.
  int32_t Exchange(int32_t end) {
    const int32_t* gram = ids_ + end - (kGram - 1);
    uint32_t& newest = newest_[Hash(gram) >> shift_];
    const int32_t head = newest > before_ ? static_cast<int32_t>(newest - before_ - 1) : -1;
    newest = before_ + 1 + static_cast<uint32_t>(end);
    older_[end] = head;
    for (int32_t *link = older_ + end, last = head; last >= 0; link = older_ + last, last = *link) {
      if (!Same(ids_ + last - (kGram - 1), gram)) continue;
      *link = older_[last];
      return last;
    }
    return -1;
  }

 private:
  const int32_t* ids_;
  uint32_t* newest_;  // end of each chain's last gram
  int32_t* older_;    // the one before each end in its chain, or -1
  int shift_;
  uint32_t before_;
};

}  // namespace

Repetition FindRepetition(const TokenColumns& tokens) {
  const int32_t* ids = tokens.token_id.data();
  const auto n = static_cast<int32_t>(tokens.token_id.size());
  LastEnds ends(tokens.token_id);
  int64_t grams = 0, repeated = 0;
  int32_t longest = 0;
  for (int32_t begin = 0, end; begin < n; begin = end) {
    end = static_cast<int32_t>(StretchEnd(tokens, begin));
    const int32_t first = begin + kGram - 1;  // where a gram can end
    grams += std::max(end - first, 0);
    int32_t period = 0, length = 0;  // of the repetition that ends here
    for (int32_t k = first; k < end; ++k) {
      const int32_t last = ends.Exchange(k);
      repeated += last >= 0;
      if (period > 0 && ids[k] == ids[k - period]) {
        ++length;
      } else {
        period = last >= first ? k - last : 0;  // in this stretch of text
        length = kGram;
      }
      if (period > 0 && length >= period) longest = std::max(longest, length);
    }
  }
  return {grams, repeated, longest};
}

}  // namespace rsr
