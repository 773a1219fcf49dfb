#include "metrics/repetition.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/vector_loops.h"

namespace rsr {
namespace {

constexpr int32_t kGram = 8;

// An 8-gram that stood before: where it ends, and where it last ended.
struct Repeated {
  int32_t end, last;
};

// Kept from one trajectory to the next: many are short, and memory for each would cost as much as
// all else. Arrays are as long as the longest trajectory so far.
class Grams {
 public:
  // The grams of these ids that stood before, in order.
  std::span<const Repeated> FindRepeated(const std::vector<int32_t>& ids,
                                         const std::vector<size_t>& stretches) {
    if (hashes_.size() < ids.size()) {
      for (auto* column : {&ends_, &older_}) column->resize(ids.size() + 1);
      hashes_.resize(ids.size());
      repeated_.resize(ids.size() + 1);
    }
    HashGrams(ids.data(), ids.size(), hashes_.data());
    return {repeated_.data(), LookUp(ids.data(), FindMaybeTwice(ids.size(), stretches))};
  }

 private:
  // Fills `ends_` with those of the grams that may stand twice, in order: whose slot of a table is
  // another's, too. Most are not, and need no more than this.
  size_t FindMaybeTwice(size_t n, const std::vector<size_t>& stretches) {
    // With 8 to 16 slots a token some 8 % of the grams meet another by chance.
    slots_.assign(std::bit_ceil(8 * n + 1), 0);
    const size_t mask = slots_.size() - 1;
    const auto each = [&](auto&& f) {
      size_t begin = 0;
      for (const size_t end : stretches) {
        for (size_t k = begin + kGram - 1; k < end; ++k) f(k);
        begin = end;
      }
    };
    // 0, 1 and from the second gram on more than 1, for ever.
    each([mask, hashes = hashes_.data(), slots = slots_.data()](size_t k) {
      uint8_t& slot = slots[hashes[k] & mask];
      slot = static_cast<uint8_t>(2 * slot + 1);
    });
    size_t found = 0;
    each([&found, mask, hashes = hashes_.data(), slots = slots_.data(),
          ends = ends_.data()](size_t k) {
      ends[found] = static_cast<int32_t>(k);
      found += slots[hashes[k] & mask] > 1;
    });
    return found;
  }

  // Fills `repeated_` with those of the first `count` of `ends_` that do. Chains of grams of one
  // place in a table, the grams themselves compared, so exact.
  size_t LookUp(const int32_t* ids, size_t count) {
    newest_.assign(std::bit_ceil(4 * count + 2), -1);
    const int shift = 32 - std::countr_zero(newest_.size());
    const auto same = [ids](int32_t a, int32_t b) {
      const int32_t *x = ids + a - (kGram - 1), *y = ids + b - (kGram - 1);
      int32_t different = 0;
      for (int i = 0; i < kGram; ++i) different |= x[i] ^ y[i];
      return different == 0;
    };
    size_t found = 0;
    for (size_t i = 0; i < count; ++i) {
      // Instead of none it takes itself: few are unlike the first they are compared with, so that
      // the processor foresees the way.
      const auto own = static_cast<int32_t>(i);
      int32_t& head = newest_[hashes_[ends_[i]] >> shift];
      int32_t last = head >= 0 ? head : own;
      older_[i] = last;
      head = own;
      while (!same(ends_[i], ends_[last])) last = older_[last] == last ? own : older_[last];
      repeated_[found] = {ends_[i], ends_[last]};
      found += last != own;
    }
    return found;
  }

  std::vector<uint32_t> hashes_;  // of the gram that ends at each token
  std::vector<uint8_t> slots_;
  std::vector<int32_t> ends_;
  std::vector<int32_t> newest_;  // index into ends_, or -1
  std::vector<int32_t> older_;   // the one before each in its chain, or itself
  std::vector<Repeated> repeated_;
};

}  // namespace

Repetition FindRepetition(const TokenColumns& tokens, const std::vector<size_t>& stretches) {
  const int32_t* ids = tokens.token_id.data();
  static thread_local Grams all;
  const std::span<const Repeated> repeated = all.FindRepeated(tokens.token_id, stretches);
  int64_t grams = 0;
  int32_t longest = 0;
  auto gram = repeated.begin();
  int32_t begin = 0;
  for (const size_t stretch_end : stretches) {
    const auto end = static_cast<int32_t>(stretch_end);
    const int32_t first = begin + kGram - 1;  // where a gram can end
    grams += std::max(end - first, 0);
    int32_t before = -1, period = 0, length = 0;  // of the repetition that ends with a gram
    // Without a branch: where one ends is hard to foresee. A token that goes on ends a gram that
    // stood before.
    for (; gram != repeated.end() && gram->end < end; ++gram) {
      const int32_t k = gram->end;
      const bool goes_on = (k == before + 1) & (period > 0) & (ids[k] == ids[k - period]);
      const int32_t anew = gram->last >= first ? k - gram->last : 0;  // in this stretch of text
      period = goes_on ? period : anew;
      length = goes_on ? length + 1 : kGram;
      longest = std::max(longest, (period > 0) & (length >= period) ? length : 0);
      before = k;
    }
    begin = end;
  }
  return {grams, std::ssize(repeated), longest};
}

}  // namespace rsr
