#include "kernels/cpu/group_state.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace rsr {
namespace {

// The unit lies this many binary orders below the top: float32 exponentials then reach down to
// 2^-225 of the top, and no surprisal that a float32 can hold is lost (from the top down to 2^-125
// alone, those below 1e-37 are).
constexpr float kHeadroom = 100;

// ln of the unit of the sums.
double Unit(const GroupState& state, int row) {
  return state.offset[row] + state.shift[row] * std::numbers::ln2;
}

}  // namespace

void GroupState::Reset(const float* target_logits) {
  for (int row = 0; row < kGroupRows; ++row) {
    target[row] = target_logits[row];
    top[row] = -std::numeric_limits<float>::infinity();
    offset[row] = shift[row] = 0;
    sum[row] = sum_squares[row] = sum_logits[row] = sum_above[row] = 0;
    top_id[row] = above[row] = equal[row] = 0;
  }
}

void GroupState::RaiseTop(int row, float logit, int32_t id) {
  const double old_unit = Unit(*this, row);
  const float old_top = std::exchange(top[row], logit);
  top_id[row] = id;
  const bool far = !(std::abs(logit) < 512);
  offset[row] = far ? logit : 0;
  shift[row] = (far ? 0 : std::nearbyint(logit * std::numbers::log2e_v<float>)) - kHeadroom;
  if (!std::isfinite(old_top)) return;  // the first one: nothing to bring along
  const double e = std::exp(old_top - old_unit);
  sum[row] += e;
  sum_squares[row] += e * e;
  sum_logits[row] += e * old_top;
  if (old_top > target[row]) {
    sum_above[row] += e;
    ++above[row];
  }
  if (old_top == target[row]) ++equal[row];
  const double scale = std::exp(old_unit - Unit(*this, row));
  sum[row] *= scale;
  sum_squares[row] *= scale * scale;
  sum_logits[row] *= scale;
  sum_above[row] *= scale;
}

bool GroupState::IsFinite(int row) const {
  return std::isfinite(top[row]) && std::isfinite(sum_logits[row]);
}

TokenStats GroupState::Finish(int row) const {
  const double m = top[row];
  const double scale = std::exp(Unit(*this, row) - m);
  const double rest = sum[row] * scale;  // e^(l - top) of all entries but the top
  const double log_total = std::log1p(rest);
  const double total = 1 + rest;
  const bool top_above = top[row] > target[row];
  const bool top_equal = top[row] == target[row];
  TokenStats stats;
  stats.surprisal = static_cast<float>(log_total + (m - target[row]));
  // -sum p ln p = ln total + sum p (top - l); a sum of positive terms.
  stats.entropy = static_cast<float>(log_total + (m * sum[row] - sum_logits[row]) * scale / total);
  stats.mass_above = static_cast<float>((top_above + sum_above[row] * scale) / total);
  stats.sum_p2 = static_cast<float>((1 + sum_squares[row] * scale * scale) / (total * total));
  stats.top1_logprob = static_cast<float>(-log_total);
  stats.rank = 1 + above[row] + top_above;
  stats.ties = equal[row] + top_equal - 1;  // the target itself is no tie
  stats.top1_id = top_id[row];
  return stats;
}

}  // namespace rsr
