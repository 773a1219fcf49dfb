#include "metrics/repetition.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "metrics/vector_loops.h"

namespace rsr {
namespace {

constexpr int32_t kGram = 8;

// The ends of the 8-grams that may stand twice, in order: those whose slot of a table is another's,
// too. Most are not, and need no more than this.
std::vector<int32_t> MaybeTwice(const uint32_t* hashes, size_t n,
                                const std::vector<size_t>& stretches) {
  static thread_local std::vector<uint8_t> table;  // kept from one trajectory to the next
  // With 8 to 16 slots a token some 8 % of the grams meet another by chance.
  table.assign(std::bit_ceil(8 * n + 1), 0);
  const size_t mask = table.size() - 1;
  const auto each = [&](auto&& f) {
    size_t begin = 0;
    for (const size_t end : stretches) {
      for (size_t k = begin + kGram - 1; k < end; ++k) f(k);
      begin = end;
    }
  };
  // 0, 1 and from the second gram on more than 1, for ever.
  each([hashes, mask, slots = table.data()](size_t k) {
    uint8_t& slot = slots[hashes[k] & mask];
    slot = static_cast<uint8_t>(2 * slot + 1);
  });
  std::vector<int32_t> ends(n + 1);
  size_t found = 0;
  each([&found, hashes, mask, slots = table.data(), to = ends.data()](size_t k) {
    to[found] = static_cast<int32_t>(k);
    found += slots[hashes[k] & mask] > 1;
  });
  ends.resize(found);
  return ends;
}

// An 8-gram that stood before: where it ends, and where it last ended.
struct Repeated {
  int32_t end, last;
};

// Those of grams by their ends, in order. Chains of grams of one place in a table, the grams
// themselves compared, so exact.
std::vector<Repeated> FindRepeated(const int32_t* ids, const uint32_t* hashes,
                                   const std::vector<int32_t>& ends) {
  std::vector<int32_t> newest(std::bit_ceil(4 * ends.size() + 2), -1);  // index into `ends`
  std::vector<int32_t> older(ends.size());  // the one before each in its chain, or itself
  const int shift = 32 - std::countr_zero(newest.size());
  const auto same = [&](int32_t a, int32_t b) {
    const int32_t *x = ids + a - (kGram - 1), *y = ids + b - (kGram - 1);
    int32_t different = 0;
    for (int i = 0; i < kGram; ++i) different |= x[i] ^ y[i];
    return different == 0;
  };
  std::vector<Repeated> repeated(ends.size() + 1);
  size_t found = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    // Instead of none it takes itself: few are unlike the first they are compared with, so that the
    // processor foresees the way.
    const auto own = static_cast<int32_t>(i);
    int32_t& head = newest[hashes[ends[i]] >> shift];
    int32_t last = head >= 0 ? head : own;
    older[i] = last;
    head = own;
    while (!same(ends[i], ends[last])) last = older[last] == last ? own : older[last];
    repeated[found] = {ends[i], ends[last]};
    found += last != own;
  }
  repeated.resize(found);
  return repeated;
}

}  // namespace

Repetition FindRepetition(const TokenColumns& tokens, const std::vector<size_t>& stretches) {
  const int32_t* ids = tokens.token_id.data();
  const size_t n = tokens.token_id.size();
  const auto hashes = std::make_unique_for_overwrite<uint32_t[]>(n);
  HashGrams(ids, n, hashes.get());
  const std::vector<Repeated> repeated =
      FindRepeated(ids, hashes.get(), MaybeTwice(hashes.get(), n, stretches));

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
