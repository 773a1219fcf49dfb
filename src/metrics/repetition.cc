#include "metrics/repetition.h"

#include <algorithm>
#include <bit>

namespace rsr {
namespace {

constexpr int32_t kGram = 8;

// Where each 8-gram last ended: open addressing, the grams themselves compared, so exact.
class LastEnds {
 public:
  explicit LastEnds(const std::vector<int32_t>& ids)
      : ids_(ids), mask_(std::bit_ceil(2 * ids.size() + 2) - 1), slots_(mask_ + 1) {}

  // The last end of the gram that ends at `end`, or -1; `end` takes its place.
  int32_t Exchange(uint32_t hash, int32_t end) {
    for (size_t i = hash & mask_;; i = (i + 1) & mask_) {
      Slot& slot = slots_[i];
      if (slot.end_plus_1 == 0) {
        slot = {hash, end + 1};
        return -1;
      }
      if (slot.hash == hash && SameGram(slot.end_plus_1 - 1, end)) {
        const int32_t last = slot.end_plus_1 - 1;
        slot.end_plus_1 = end + 1;
        return last;
      }
    }
  }

 private:
  struct Slot {
    uint32_t hash = 0;
    int32_t end_plus_1 = 0;
  };

  bool SameGram(int32_t a, int32_t b) const {
    return std::equal(&ids_[a] - (kGram - 1), &ids_[a] + 1, &ids_[b] - (kGram - 1));
  }

  const std::vector<int32_t>& ids_;
  size_t mask_;
  std::vector<Slot> slots_;
};

// Of the last 8 ids pushed: a polynomial modulo 2^64 that forgets the oldest.
class RollingHash {
 public:
  void Push(uint32_t id, uint32_t oldest) {
    sum_ = (sum_ - kOldest * (oldest + 1)) * kBase + id + 1;
  }
  // The high bits depend on all ids.
  uint32_t value() const { return static_cast<uint32_t>((sum_ * 0x9E3779B97F4A7C15u) >> 32); }

 private:
  static constexpr uint64_t kBase = 0xD1342543DE82EF95u;  // odd; from L'Ecuyer's tables
  static constexpr uint64_t kSquare = kBase * kBase;
  static constexpr uint64_t kOldest = kSquare * kSquare * kSquare * kBase;  // to the power 8 - 1
  uint64_t sum_ = 0;
};

}  // namespace

Repetition FindRepetition(const TokenColumns& tokens) {
  const std::vector<int32_t>& ids = tokens.token_id;
  Repetition found;
  LastEnds ends(ids);
  RollingHash hash;
  int32_t begin = 0;               // of the contiguous tokens
  int32_t period = 0, length = 0;  // of the stretch that ends here
  for (int32_t k = 0; k < static_cast<int32_t>(ids.size()); ++k) {
    if (k > 0 && tokens.position[k] != tokens.position[k - 1] + 1) {
      begin = k;
      period = 0;
    }
    if (k == begin) hash = RollingHash();
    hash.Push(ids[k], k - begin < kGram ? UINT32_MAX : static_cast<uint32_t>(ids[k - kGram]));
    int32_t last = -1;
    if (k - begin + 1 >= kGram) {
      last = ends.Exchange(hash.value(), k);
      ++found.grams;
      found.repeated += last >= 0;
    }
    if (period > 0 && ids[k] == ids[k - period]) {
      ++length;
    } else {
      const bool next_to_it = last - (kGram - 1) >= begin;
      period = next_to_it ? k - last : 0;
      length = kGram;
    }
    if (period > 0 && length >= period) found.longest = std::max<int64_t>(found.longest, length);
  }
  return found;
}

}  // namespace rsr
