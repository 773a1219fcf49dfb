// One algorithm text for all instruction sets: reduces a tile of logits into a group's statistics.
//
// Zen 4, AVX3: 7.7 ns for 16 logits, 9.8 where every one of them may count as above the target;
// the product that made them (width 576) takes 165.

// Include guard (still compiled once per target).
#if defined(RSR_KERNELS_CPU_VOCAB_SWEEP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RSR_KERNELS_CPU_VOCAB_SWEEP_INL_H_
#undef RSR_KERNELS_CPU_VOCAB_SWEEP_INL_H_
#else
#define RSR_KERNELS_CPU_VOCAB_SWEEP_INL_H_
#endif

#include <algorithm>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/cpu/exp-inl.h"
#include "kernels/cpu/reduce_tile.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, kGroupRows>;
using DI = hn::RebindToSigned<DF>;
#if HWY_TARGET == HWY_SCALAR
using DD = hn::Rebind<double, DF>;
#else
using DD = hn::Repartition<double, DF>;
#endif
using VF = hn::Vec<DF>;
using VD = hn::Vec<DD>;

// Entries between two looks at the maximum: their share of the tile stays in the first-level cache.
constexpr int kChunk = 64;

// The lanes of a float vector in double: two vectors, or one at Highway's SCALAR level.
constexpr int kParts = HWY_TARGET == HWY_SCALAR ? 1 : 2;
struct Sum {
  VD part[kParts];
};

HWY_INLINE Sum LoadSum(const double* p) {
  const DD dd;
  Sum sum;
  for (int i = 0; i < kParts; ++i) sum.part[i] = hn::Load(dd, p + i * hn::Lanes(dd));
  return sum;
}

HWY_INLINE void StoreSum(const Sum& sum, double* p) {
  const DD dd;
  for (int i = 0; i < kParts; ++i) hn::Store(sum.part[i], dd, p + i * hn::Lanes(dd));
}

HWY_INLINE void Add(const Sum& a, Sum& sum) {
  for (int i = 0; i < kParts; ++i) sum.part[i] = hn::Add(sum.part[i], a.part[i]);
}

HWY_INLINE void MulAdd(const Sum& a, const Sum& b, Sum& sum) {
  for (int i = 0; i < kParts; ++i) {
    sum.part[i] = hn::MulAdd(a.part[i], b.part[i], sum.part[i]);
  }
}

HWY_INLINE Sum ToDouble(VF v) {
  const DD dd;
#if HWY_TARGET == HWY_SCALAR
  return {{hn::PromoteTo(dd, v)}};
#else
  const hn::Half<DF> half;
  return {{hn::PromoteTo(dd, hn::LowerHalf(half, v)), hn::PromoteTo(dd, hn::UpperHalf(half, v))}};
#endif
}

HWY_INLINE VF ToFloat(const Sum& sum) {
  const DF df;
#if HWY_TARGET == HWY_SCALAR
  return hn::DemoteTo(df, sum.part[0]);
#else
  const hn::Half<DF> half;
  return hn::Combine(df, hn::DemoteTo(half, sum.part[1]), hn::DemoteTo(half, sum.part[0]));
#endif
}

// Rows [lane, lane + Lanes) of the group over entries [begin, end).
HWY_INLINE void RaiseTops(float* logits, int begin, int end, int32_t first_id, int lane,
                          GroupState& state) {
  const DF df;
  const VF before = hn::Load(df, state.top + lane);
  VF top = before;
  for (int v = begin; v < end; ++v) {
    top = hn::Max(hn::Load(df, logits + v * kGroupRows + lane), top);
  }
  if (hn::AllFalse(df, hn::Gt(top, before))) return;
  // Happens about ln(vocabulary / chunk) times a row.
  HWY_ALIGN float tops[hn::MaxLanes(df)];
  hn::Store(top, df, tops);
  for (int i = 0; i < static_cast<int>(hn::Lanes(df)); ++i) {
    if (!(tops[i] > state.top[lane + i])) continue;
    int v = begin;
    while (logits[v * kGroupRows + lane + i] != tops[i]) ++v;
    state.RaiseTop(lane + i, tops[i], first_id + v);
    // So that the loop over the chunk passes it by: smaller than any target, and its exponential is
    // 0.
    logits[v * kGroupRows + lane + i] = std::numeric_limits<float>::lowest();
  }
}

HWY_INLINE void AddChunk(const float* logits, int begin, int end, int lane, GroupState& state) {
  const DF df;
  const DI di;
  const VF target = hn::Load(df, state.target + lane);
  const VF offset = hn::Load(df, state.offset + lane);
  const Exp<DF> exp(hn::Load(df, state.shift + lane));
  Sum sum = LoadSum(state.sum + lane), squares = LoadSum(state.sum_squares + lane);
  Sum sum_logits = LoadSum(state.sum_logits + lane);
  for (int v = begin; v < end; ++v) {
    const VF l = hn::Load(df, logits + v * kGroupRows + lane);
    const VF e = exp(hn::Sub(l, offset));
    const Sum e2 = ToDouble(e);
    Add(e2, sum);
    MulAdd(e2, e2, squares);
    MulAdd(e2, ToDouble(l), sum_logits);  // 0 * inf and 0 * NaN are NaN: broken logits end up here
    if (HWY_UNLIKELY(!hn::AllFalse(df, hn::Ge(l, target)))) {
      const auto above = hn::Gt(l, target);
      Sum sum_above = LoadSum(state.sum_above + lane);
      Add(ToDouble(hn::IfThenElseZero(above, e)), sum_above);
      StoreSum(sum_above, state.sum_above + lane);
      // A true lane of a mask is -1.
      const auto count = [&](auto mask, int32_t* counts) HWY_ATTR {
        hn::Store(hn::Sub(hn::Load(di, counts + lane), hn::BitCast(di, hn::VecFromMask(df, mask))),
                  di, counts + lane);
      };
      count(above, state.above);
      count(hn::Eq(l, target), state.equal);
    }
  }
  StoreSum(sum, state.sum + lane);
  StoreSum(squares, state.sum_squares + lane);
  StoreSum(sum_logits, state.sum_logits + lane);
}

void ReduceTile(float* logits, int count, int32_t first_id, GroupState& state) {
  const int lanes = static_cast<int>(hn::Lanes(DF()));
  for (int begin = 0; begin < count; begin += kChunk) {
    const int end = std::min(count, begin + kChunk);
    for (int lane = 0; lane < kGroupRows; lane += lanes) {
      RaiseTops(logits, begin, end, first_id, lane, state);
      AddChunk(logits, begin, end, lane, state);
    }
  }
}

// tanh in double, so that the capped logit is the float32 next to the true one whatever the
// instruction set.
HWY_INLINE VF SoftCap(VF l, float cap) {
  const DF df;
  const DD dd;
  Sum x = ToDouble(l);
  for (VD& part : x.part) {
    part = hn::Mul(hn::Set(dd, cap), hn::CallTanh(dd, hn::Div(part, hn::Set(dd, cap))));
  }
  // An infinite logit must not pass as `cap`: 0 * inf makes it NaN.
  return hn::MulAdd(l, hn::Zero(df), ToFloat(x));
}

void TransformTile(float* logits, int count, const LogitTransform& transform, const float* bias) {
  const DF df;
  const VF scale = hn::Set(df, transform.scale);
  for (int v = 0; v < count; ++v) {
    const VF b = hn::Set(df, bias ? bias[v] : 0.0f);
    for (int lane = 0; lane < kGroupRows; lane += static_cast<int>(hn::Lanes(df))) {
      float* p = logits + v * kGroupRows + lane;
      VF l = hn::Add(hn::Mul(hn::Load(df, p), scale), b);
      if (transform.soft_cap > 0) l = SoftCap(l, transform.soft_cap);
      hn::Store(l, df, p);
    }
  }
}

int64_t CompiledTarget() { return HWY_TARGET; }

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#endif  // include guard
