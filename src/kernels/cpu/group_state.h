// Running statistics of one group of rows, one SIMD lane a row.
//
// Sums are in double over float32 exponentials and leave out the largest logit seen so far ("top"),
// whose share is known exactly: surprisal = ln(1 + rest) + (top - target) then has no cancellation
// however close p is to 1, and the same holds for the entropy and the top token's log probability.
#pragma once

#include <cstdint>

#include "kernels/vocab_sweep.h"

namespace rsr {

// Rows per product. The oneDNN shape never changes, so a row's bits cannot depend on how many rows
// there are; a call of few rows is padded to this. One Zen 4 core, f32, width 576: 16 and 64
// instead are 1 % slower and 1 % faster in full blocks, but a call of 20 rows would pay for 64.
inline constexpr int kGroupRows = 32;

// The unit of the sums is e^(offset + shift ln 2). A whole shift, not the top itself, is what
// exponents are taken relative to: logit - top would round (e.g. -8.1 - 2.3), and an error of 2^-21
// in an exponent is 4 ulp in the result. From |top| = 512 on offset is the top: there the
// difference is exact wherever its exponential is not 0.
struct GroupState {
  alignas(64) float target[kGroupRows];  // logit
  alignas(64) float top[kGroupRows];     // largest logit so far; -inf before the first
  alignas(64) float offset[kGroupRows];
  alignas(64) float shift[kGroupRows];         // a whole number
  alignas(64) double sum[kGroupRows];          // of e^l, in units, without the top
  alignas(64) double sum_squares[kGroupRows];  // of e^2l, in units squared
  alignas(64) double sum_logits[kGroupRows];   // of l e^l; NaN if any logit is not finite
  alignas(64) double sum_above[kGroupRows];    // of e^l where l > target
  alignas(64) int32_t top_id[kGroupRows];
  alignas(64) int32_t above[kGroupRows];  // logits > target, without the top
  alignas(64) int32_t equal[kGroupRows];  // logits == target, without the top

  void Reset(const float* target_logits);
  // Makes `logit` of entry `id` the top of row `row`; the old top joins the sums.
  void RaiseTop(int row, float logit, int32_t id);
  bool IsFinite(int row) const;
  TokenStats Finish(int row) const;
};

}  // namespace rsr
