#include "kernels/cpu/attention.h"

#include <limits>
#include <numbers>
#include <type_traits>

#include "kernels/cpu/cpu_level.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention_tile.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "kernels/cpu/exp-inl.h"
#include "kernels/cpu/panel_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {

// scores = cap * tanh(scores / cap), as cap - 2 cap / (e^(2 s / cap) + 1).
void CapScores(float cap, int64_t count, float* scores) {
  const Floats df;
  const Exp<Floats> exp(hn::Zero(df));
  const Vector most = hn::Set(df, 60.0f);  // the exponential must not overflow
  for (int64_t i = 0; i < count * kPanel; i += kLanes) {
    const Vector x = hn::Mul(hn::Load(df, scores + i), hn::Set(df, 2 / cap));
    const Vector e = hn::Add(exp(hn::Min(x, most)), hn::Set(df, 1.0f));
    hn::Store(hn::NegMulAdd(hn::Set(df, 2 * cap), hn::Div(hn::Set(df, 1.0f), e), hn::Set(df, cap)),
              df, scores + i);
  }
}

// Scores that a query must not see become minus infinity, whose exponential is 0.
void MaskScores(int64_t begin, int64_t count, int64_t window, const int32_t* positions,
                float* scores) {
  const Floats df;
  const hn::RebindToSigned<Floats> di;
  const Vector hidden = hn::Set(df, -std::numeric_limits<float>::infinity());
  for (int64_t lane = 0; lane < kPanel; lane += kLanes) {
    const auto position = hn::Load(di, positions + lane);
    for (int64_t key = 0; key < count; ++key) {
      float* at = scores + key * kPanel + lane;
      const auto k = hn::Set(di, static_cast<int32_t>(begin + key));
      auto hide = hn::Gt(k, position);
      if (window > 0) {
        const auto oldest = hn::Sub(position, hn::Set(di, static_cast<int32_t>(window - 1)));
        hide = hn::Or(hide, hn::Lt(k, oldest));
      }
      hn::Store(hn::IfThenElse(hn::RebindMask(df, hide), hidden, hn::Load(df, at)), df, at);
    }
  }
}

// Vectors of lanes that pass the keys side by side: one chain of maxima or sums would leave the
// processor waiting for each step.
constexpr int kSideBySide = 4;
constexpr int64_t kStripe = kSideBySide * kLanes;

// The largest score of each lane of a stripe, those of earlier tiles included.
HWY_INLINE void FindMost(const float* scores, int64_t count, const float* before, Vector* most) {
  const Floats df;
#pragma GCC unroll 4
  for (int i = 0; i < kSideBySide; ++i) most[i] = hn::Load(df, before + i * kLanes);
  for (int64_t key = 0; key < count; ++key) {
#pragma GCC unroll 4
    for (int i = 0; i < kSideBySide; ++i) {
      most[i] = hn::Max(most[i], hn::Load(df, scores + key * kPanel + i * kLanes));
    }
  }
}

// scores -> probabilities 2^(scores - most), in float32; their sums.
HWY_INLINE void Exponentials(Float32, float* scores, int64_t count, const Vector* most,
                             Vector* sum) {
  const Floats df;
  const Exp2<Floats, 5> exp2;
  for (int64_t key = 0; key < count; ++key) {
#pragma GCC unroll 4
    for (int i = 0; i < kSideBySide; ++i) {
      float* at = scores + key * kPanel + i * kLanes;
      const Vector e = exp2(hn::Sub(hn::Load(df, at), most[i]));
      sum[i] = hn::Add(sum[i], e);
      hn::Store(e, df, at);
    }
  }
}

// The same, in words of two keys' probabilities in bf16, over the first half of the scores; the
// sums are of the rounded ones.
template <class Bf16>
HWY_INLINE void Exponentials(Bf16, float* scores, int64_t count, const Vector* most, Vector* sum) {
  const Floats df;
  const Exp2<Floats, 3> exp2;
  auto* words = reinterpret_cast<uint32_t*>(scores);
  for (int64_t key = 0; key < count; key += 2) {
    const bool whole = key + 1 < count;
#pragma GCC unroll 4
    for (int i = 0; i < kSideBySide; ++i) {
      const float* at = scores + key * kPanel + i * kLanes;
      const Vector first = exp2(hn::Sub(hn::Load(df, at), most[i]));
      Vector second = hn::Zero(df);
      if (whole) second = exp2(hn::Sub(hn::Load(df, at + kPanel), most[i]));
      const auto pair = Bf16::Pairs(first, second);
      const Vector pairs = hn::BitCast(df, pair);
      sum[i] = hn::Add(sum[i], hn::Add(Bf16::First(pairs), Bf16::Second(pairs)));
      hn::Store(pair, Words(), words + key / 2 * kPanel + i * kLanes);
    }
  }
}

// scores -> probabilities 2^(scores - most), most and total brought up to date; `factors` [kPanel]:
// what earlier sums are to be multiplied with. True if any of them is not 1.
template <class Type>
bool Softmax(int64_t count, float* scores, const QueryPanel& panel, float* factors) {
  const Floats df;
  const Exp2<Floats, 5> exp2;
  bool changed = false;
  for (int64_t stripe = 0; stripe < kPanel; stripe += kStripe) {
    Vector most[kSideBySide], sum[kSideBySide];
    FindMost(scores + stripe, count, panel.most + stripe, most);
    for (Vector& s : sum) s = hn::Zero(df);
    Exponentials(Type(), scores + stripe, count, most, sum);
    for (int i = 0; i < kSideBySide; ++i) {
      const int64_t lane = stripe + i * kLanes;
      const Vector before = hn::Load(df, panel.most + lane);
      const Vector factor = exp2(hn::Sub(before, most[i]));
      changed = changed || !hn::AllTrue(df, hn::Eq(before, most[i]));
      hn::Store(factor, df, factors + lane);
      hn::Store(most[i], df, panel.most + lane);
      hn::Store(hn::MulAdd(hn::Load(df, panel.total + lane), factor, sum[i]), df,
                panel.total + lane);
    }
  }
  return changed;
}

void ScaleSums(const float* factors, int64_t width, float* sums) {
  const Floats df;
  for (int64_t lane = 0; lane < kPanel; lane += kLanes) {
    const Vector factor = hn::Load(df, factors + lane);
    for (int64_t i = 0; i < width; ++i) {
      float* at = sums + i * kPanel + lane;
      hn::Store(hn::Mul(hn::Load(df, at), factor), df, at);
    }
  }
}

template <class Type>
void AddTile(const AttentionShape& shape, const KeyTile& tile, int64_t count, float* scores,
             const QueryPanel& panel) {
  using Word = typename Type::Word;
  const int64_t width = shape.head_width, words = KeyWords(shape);
  PanelProduct<Type>({static_cast<const Word*>(tile.keys), words, 1}, count,
                     static_cast<const Word*>(panel.queries), words, false, scores);
  if (shape.soft_cap > 0) {
    CapScores(shape.soft_cap * std::numbers::log2e_v<float>, count, scores);
  }
  const bool behind = shape.window > 0 && tile.begin <= panel.last - shape.window;
  if (tile.begin + count - 1 > panel.first || behind) {
    MaskScores(tile.begin, count, shape.window, panel.positions, scores);
  }
  HWY_ALIGN float factors[kPanel];
  if (Softmax<Type>(count, scores, panel, factors)) ScaleSums(factors, width, panel.sums);
  const int64_t key_words = shape.bf16 ? (count + 1) / 2 : count;
  PanelProduct<Type>({static_cast<const Word*>(tile.values), 1, width}, width,
                     reinterpret_cast<const Word*>(scores), key_words, true, panel.sums);
}

void AddKeyTile(const AttentionShape& shape, const KeyTile& tile, int64_t count, float* scores,
                const QueryPanel& panel) {
  WithType(shape.bf16,
           [&](auto type) { AddTile<decltype(type)>(shape, tile, count, scores, panel); });
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rsr {

HWY_EXPORT(AddKeyTile);

void AddKeyTile(const AttentionShape& shape, const KeyTile& tile, int64_t count, float* scores,
                const QueryPanel& panel) {
  HWY_DYNAMIC_DISPATCH(AddKeyTile)(shape, tile, count, scores, panel);
}

}  // namespace rsr
#endif  // HWY_ONCE
