// Rows of the caller to panels and tiles, and back.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/cpu/attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "kernels/cpu/panel_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {

constexpr int64_t kPanelLanes = QueryPanel::kLanes;

#if HWY_TARGET != HWY_SCALAR
using Four = hn::FixedTag<float, 4>;
using FourFloats = hn::Vec<Four>;

// Value i of row r becomes value r of row i.
HWY_INLINE void Transpose(FourFloats* rows) {
  const Four d;
  const FourFloats a = hn::InterleaveLower(d, rows[0], rows[2]);
  const FourFloats b = hn::InterleaveLower(d, rows[1], rows[3]);
  const FourFloats c = hn::InterleaveUpper(d, rows[0], rows[2]);
  const FourFloats e = hn::InterleaveUpper(d, rows[1], rows[3]);
  rows[0] = hn::InterleaveLower(d, a, b);
  rows[1] = hn::InterleaveUpper(d, a, b);
  rows[2] = hn::InterleaveLower(d, c, e);
  rows[3] = hn::InterleaveUpper(d, c, e);
}
#endif

// queries [width, kPanelLanes] = scale * rows, transposed.
void Gather(const float* const* rows, int64_t count, int64_t width, float scale, float* queries) {
  if (count < kPanelLanes) std::fill_n(queries, width * kPanelLanes, 0.0f);
  int64_t lane = 0;
#if HWY_TARGET != HWY_SCALAR
  const Four d;
  for (; lane + 4 <= count; lane += 4) {
    int64_t i = 0;
    for (; i + 4 <= width; i += 4) {
      FourFloats block[4];
      for (int r = 0; r < 4; ++r) {
        block[r] = hn::Mul(hn::Set(d, scale), hn::LoadU(d, rows[lane + r] + i));
      }
      Transpose(block);
      for (int r = 0; r < 4; ++r) hn::Store(block[r], d, queries + (i + r) * kPanelLanes + lane);
    }
    for (; i < width; ++i) {
      for (int r = 0; r < 4; ++r) queries[i * kPanelLanes + lane + r] = scale * rows[lane + r][i];
    }
  }
#endif
  for (; lane < count; ++lane) {
    for (int64_t i = 0; i < width; ++i) queries[i * kPanelLanes + lane] = scale * rows[lane][i];
  }
}

void LoadQueries(const AttentionShape& shape, const float* const* rows, int64_t count,
                 float* scratch, void* queries) {
  const int64_t width = shape.head_width;
  const float scale = shape.scale * std::numbers::log2e_v<float>;
  if (!shape.bf16) return Gather(rows, count, width, scale, static_cast<float*>(queries));
  Gather(rows, count, width, scale, scratch);
  auto* words = static_cast<uint32_t*>(queries);
  const Floats df;
  for (int64_t i = 0; i < width; i += 2, words += kPanelLanes) {
    const float* first = scratch + i * kPanelLanes;
    for (int64_t lane = 0; lane < kPanelLanes; lane += kLanes) {
      const Vector second = i + 1 < width ? hn::Load(df, first + kPanelLanes + lane) : hn::Zero(df);
      hn::Store(Bf16Pairs(hn::Load(df, first + lane), second), Words(), words + lane);
    }
  }
}

void StoreSums(const AttentionShape& shape, const QueryPanel& panel, int64_t count,
               float* const* rows) {
  const int64_t width = shape.head_width;
  int64_t lane = 0;
#if HWY_TARGET != HWY_SCALAR
  const Four d;
  for (; lane + 4 <= count; lane += 4) {
    const FourFloats scale = hn::Div(hn::Set(d, 1.0f), hn::Load(d, panel.total + lane));
    int64_t i = 0;
    for (; i + 4 <= width; i += 4) {
      FourFloats block[4];
      for (int r = 0; r < 4; ++r) {
        block[r] = hn::Mul(scale, hn::Load(d, panel.sums + (i + r) * kPanelLanes + lane));
      }
      Transpose(block);
      for (int r = 0; r < 4; ++r) hn::StoreU(block[r], d, rows[lane + r] + i);
    }
    for (; i < width; ++i) {
      for (int r = 0; r < 4; ++r) {
        rows[lane + r][i] = 1 / panel.total[lane + r] * panel.sums[i * kPanelLanes + lane + r];
      }
    }
  }
#endif
  for (; lane < count; ++lane) {
    const float scale = 1 / panel.total[lane];
    for (int64_t i = 0; i < width; ++i) rows[lane][i] = scale * panel.sums[i * kPanelLanes + lane];
  }
}

// Joins the values of a position with those of its neighbour: an even one is first and comes first.
void KeepValues(const float* values, int64_t width, bool first, uint32_t* pairs) {
  const Floats df;
  const Words du;
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    const auto pair = first ? Bf16Pairs(hn::LoadU(df, values + i), hn::Zero(df))
                            : hn::Or(hn::LoadU(du, pairs + i),
                                     Bf16Pairs(hn::Zero(df), hn::LoadU(df, values + i)));
    hn::StoreU(pair, du, pairs + i);
  }
  for (; i < width; ++i) {
    pairs[i] = first ? Bf16Pair(values[i], 0) : pairs[i] | Bf16Pair(0, values[i]);
  }
}

void KeepPosition(const AttentionShape& shape, const float* keys, const float* values,
                  int64_t position, const KeysAndValues& kept) {
  const int64_t width = shape.head_width;
  for (int64_t head = 0; head < shape.kv_heads; ++head, keys += width, values += width) {
    const int64_t begin = head * kept.head_stride, key = begin + position * KeyWords(shape);
    if (shape.bf16) {
      PackBf16<Bf16Widened>(keys, width, static_cast<uint32_t*>(kept.keys) + key);
      KeepValues(values, width, position % 2 == 0,
                 static_cast<uint32_t*>(kept.values) + begin + position / 2 * width);
    } else {
      std::copy_n(keys, width, static_cast<float*>(kept.keys) + key);
      std::copy_n(values, width, static_cast<float*>(kept.values) + key);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rsr {

HWY_EXPORT(LoadQueries);
HWY_EXPORT(StoreSums);
HWY_EXPORT(KeepPosition);

void LoadQueries(const AttentionShape& shape, const float* const* rows, int64_t count,
                 float* scratch, void* queries) {
  HWY_DYNAMIC_DISPATCH(LoadQueries)(shape, rows, count, scratch, queries);
}

void StoreSums(const AttentionShape& shape, const QueryPanel& panel, int64_t count,
               float* const* rows) {
  HWY_DYNAMIC_DISPATCH(StoreSums)(shape, panel, count, rows);
}

void KeepPosition(const AttentionShape& shape, const float* keys, const float* values,
                  int64_t position, const KeysAndValues& kept) {
  HWY_DYNAMIC_DISPATCH(KeepPosition)(shape, keys, values, position, kept);
}

}  // namespace rsr
#endif  // HWY_ONCE
