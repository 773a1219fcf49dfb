#include "metrics/repetition.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace rsr {
namespace {

constexpr int32_t kGram = 8;

// Where each 8-gram last ended: open addressing, the grams themselves compared, so exact.
class LastEnds {
 public:
  explicit LastEnds(const std::vector<int32_t>& ids)
      : ids_(ids),
        mask_(std::bit_ceil(2 * ids.size() + 2) - 1),  // twice as many slots: some stay free
        slots_(Slots(ids.size(), mask_ + 1)),
        before_(used_) {
    used_ += static_cast<uint32_t>(ids.size());
  }

  // The last end of the gram that ends at `end`, or -1; `end` takes its place.
  int32_t Exchange(uint32_t hash, int32_t end) {
    for (size_t i = hash & mask_;; i = (i + 1) & mask_) {
      Slot& slot = slots_[i];
      if (slot.end <= before_) {
        slot = {hash, before_ + 1 + static_cast<uint32_t>(end)};
        return -1;
      }
      const auto last = static_cast<int32_t>(slot.end - before_ - 1);
      if (slot.hash == hash && SameGram(last, end)) {
        slot.end = before_ + 1 + static_cast<uint32_t>(end);
        return last;
      }
    }
  }

 private:
  // `end` counts on from one trajectory to the next, so that a table need not be cleared for each:
  // what is not above `before_` is another's.
  struct Slot {
    uint32_t hash = 0, end = 0;
  };

  bool SameGram(int32_t a, int32_t b) const {
    return std::equal(&ids_[a] - (kGram - 1), &ids_[a] + 1, &ids_[b] - (kGram - 1));
  }

  static std::vector<Slot>& Slots(size_t ids, size_t count) {
    if (kept_.size() < count || ids >= UINT32_MAX - used_) {
      kept_.assign(std::max(count, kept_.size()), Slot());
      used_ = 0;
    }
    return kept_;
  }

  static thread_local std::vector<Slot> kept_;
  static thread_local uint32_t used_;

  const std::vector<int32_t>& ids_;
  const size_t mask_;
  std::vector<Slot>& slots_;
  const uint32_t before_;
};

thread_local std::vector<LastEnds::Slot> LastEnds::kept_;
thread_local uint32_t LastEnds::used_ = 0;

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
