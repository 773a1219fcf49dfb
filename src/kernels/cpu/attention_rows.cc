// Rows of the caller to panels and tiles, and back.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/cpu/attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "kernels/cpu/bf16-inl.h"

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

void RoundKeyTile(const AttentionShape& shape, const float* keys, const float* values,
                  int64_t count, uint32_t* key_words, uint32_t* value_words) {
  const int64_t width = shape.head_width, words = KeyWords(shape);
  for (int64_t key = 0; key < count; ++key) {
    PackBf16(keys + key * width, width, key_words + key * words);
  }
  for (int64_t key = 0; key < count; key += 2, value_words += width) {
    const float* first = values + key * width;
    const bool whole = key + 1 < count;
    int64_t i = 0;
    for (; i + kLanes <= width; i += kLanes) {
      const Floats df;
      const Vector second = whole ? hn::LoadU(df, first + width + i) : hn::Zero(df);
      hn::StoreU(Bf16Pairs(hn::LoadU(df, first + i), second), Words(), value_words + i);
    }
    for (; i < width; ++i) value_words[i] = Bf16Pair(first[i], whole ? first[width + i] : 0);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rsr {

HWY_EXPORT(LoadQueries);
HWY_EXPORT(StoreSums);
HWY_EXPORT(RoundKeyTile);

void LoadQueries(const AttentionShape& shape, const float* const* rows, int64_t count,
                 float* scratch, void* queries) {
  HWY_DYNAMIC_DISPATCH(LoadQueries)(shape, rows, count, scratch, queries);
}

void StoreSums(const AttentionShape& shape, const QueryPanel& panel, int64_t count,
               float* const* rows) {
  HWY_DYNAMIC_DISPATCH(StoreSums)(shape, panel, count, rows);
}

void RoundKeyTile(const AttentionShape& shape, const float* keys, const float* values,
                  int64_t count, uint32_t* key_words, uint32_t* value_words) {
  HWY_DYNAMIC_DISPATCH(RoundKeyTile)(shape, keys, values, count, key_words, value_words);
}

}  // namespace rsr
#endif  // HWY_ONCE
