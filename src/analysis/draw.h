// Random indices that are the same on every platform (std::uniform_int_distribution is not).
#pragma once

#include <cstdint>
#include <random>

namespace rsr {

// One output x of the generator an index: floor(x * n / 2^64), off from uniform by less than
// n / 2^64.
inline uint64_t DrawIndex(std::mt19937_64& random, uint64_t n) {
  using Wide = unsigned __int128;
  return static_cast<uint64_t>((Wide{random()} * n) >> 64);
}

}  // namespace rsr
