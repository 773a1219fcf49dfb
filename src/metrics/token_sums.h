// Sums over the tokens of a trajectory that metrics are made of, by the processor's vector units
// (Highway, run-time dispatch). In double, in an order of their own: the same bits on every
// machine, whatever its vectors. Arrays have n values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rsr {

// Sum of s.
double SumOf(const float* s, size_t n);

// Sum of r / s; infinite where a token is certain.
double SumRatios(const float* s, const int32_t* r, size_t n);

// Sum of r / s over the tokens with s >= least.
double SumRatiosFrom(float least, const float* s, const int32_t* r, size_t n);

// Sum of s min(r, clip).
double SumProducts(const float* s, const int32_t* r, int32_t clip, size_t n);

// Sum of min(r, clip); exact.
double SumClipped(const int32_t* r, int32_t clip, size_t n);

// Sum of 1 - 2 e^-s + q.
double SumBrier(const float* s, const float* q, size_t n);

// Sum of s (1 - m)^4.
double SumSeqLss4(const float* s, const float* m, size_t n);

// How many are `value`.
size_t CountEqual(const uint8_t* values, uint8_t value, size_t n);

}  // namespace rsr
