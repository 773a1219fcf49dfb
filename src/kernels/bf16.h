// bf16: the upper half of a float32, 8 bits of precision.
//
// Rounding rule: to nearest, ties to even; not-a-number stays one; what is smaller than 2^-126
// becomes 0 (without sign), since the processors' bf16 products take it as 0.
#pragma once

#include <bit>
#include <cstdint>

namespace rsr {

inline uint16_t ToBf16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t exponent = bits & 0x7F800000u;
  uint32_t rounded = (bits + 0x7FFFu + (bits >> 16 & 1)) >> 16;
  // A rounded not-a-number may come out as infinite or 0.
  rounded = x != x ? bits >> 16 | 0x40u : rounded;
  return static_cast<uint16_t>(exponent == 0 ? 0 : rounded);
}

inline float FromBf16(uint16_t x) { return std::bit_cast<float>(uint32_t{x} << 16); }

// Two values of ascending depth as one word of a product. The first is the upper half: the
// processors add that one first (VDPBF16PS; Zen 5 measured: as two fused multiply-adds, bit for
// bit), so that the sum runs over the depth in ascending order, as in float32.
inline uint32_t Bf16Pair(float first, float second) {
  return uint32_t{ToBf16(first)} << 16 | ToBf16(second);
}

}  // namespace rsr
