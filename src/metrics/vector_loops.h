// Loops over the tokens of a trajectory by the processor's vector units (Highway, run-time
// dispatch). Sums are in double, in an order of their own: the same bits on every machine, whatever
// its vectors. Arrays have n values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rsr {

// Sum of s over the tokens whose mark has that bit (`with`), or has it not.
double SumMarked(const float* s, const uint8_t* marks, uint8_t bit, bool with, size_t n);

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

// How many have that bit.
size_t CountMarked(const uint8_t* marks, uint8_t bit, size_t n);

// How many are `value`.
size_t CountEqual(const uint8_t* values, uint8_t value, size_t n);

// How many of the first values are each the one before it and 1, the very first one counted; n > 0.
size_t CountConsecutive(const int32_t* values, size_t n);

// a[k] & b[k], and `bit` where that, or the one before it, has one of `bits`.
void MeetMarks(const uint8_t* a, const uint8_t* b, uint8_t bits, uint8_t bit, size_t n,
               uint8_t* out);

// Of each window of 8 ids a hash, at its last id; of the first 7 ids there is none.
void HashGrams(const int32_t* ids, size_t n, uint32_t* hashes);

// How many are `least` or more.
size_t CountFrom(float least, const float* s, size_t n);

}  // namespace rsr
