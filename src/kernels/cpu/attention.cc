#include "kernels/cpu/attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "kernels/cpu/cpu_level.h"
#include "rsr/error.h"

namespace rsr {
namespace {

constexpr int64_t kLanes = QueryPanel::kLanes;

// Panels that share one pass over the keys and values: 512 queries and heads; their sums are 128 KB
// at a head width of 64.
constexpr int64_t kPanelsAtOnce = 8;

class CpuAttention : public Attention {
 public:
  explicit CpuAttention(const AttentionShape& shape)
      : shape_(shape),
        group_(shape.heads / shape.kv_heads),
        panel_floats_((KeyWords(shape) + shape.head_width) * kLanes + 2 * kLanes),
        scores_(Allocate<float>(std::max(kKeyTile, shape.head_width) * kLanes)),
        panel_memory_(Allocate<float>(kPanelsAtOnce * panel_floats_)),
        positions_(Allocate<int32_t>(kPanelsAtOnce * kLanes)) {}

  int64_t KeptWords(int64_t positions) const override {
    return (shape_.bf16 ? positions + positions % 2 : positions) * KeyWords(shape_);
  }

  void Keep(const float* keys, const float* values, int64_t position,
            const KeysAndValues& kept) override {
    KeepPosition(shape_, keys, values, position, kept);
  }

  void Run(const float* q, int64_t first, int64_t count, const KeysAndValues& kept,
           float* out) override {
    const int64_t lanes = count * group_;
    for (int64_t kv = 0; kv < shape_.kv_heads; ++kv) {
      const auto* keys = static_cast<const uint32_t*>(kept.keys) + kv * kept.head_stride;
      const auto* values = static_cast<const uint32_t*>(kept.values) + kv * kept.head_stride;
      for (int64_t lane = 0; lane < lanes; lane += kPanelsAtOnce * kLanes) {
        const int64_t end = std::min(lanes, lane + kPanelsAtOnce * kLanes);
        LoadPanels(q, first, kv, lane, end);
        PassKeys(keys, values);
        StorePanels(kv, lane, end, out);
      }
    }
  }

 private:
  template <class T>
  static hwy::AlignedFreeUniquePtr<T[]> Allocate(int64_t count) {
    auto memory = hwy::AllocateAligned<T>(static_cast<size_t>(count));
    if (!memory) throw std::bad_alloc();
    return memory;
  }

  // Lane l of a KV head is query l / group, head l % group of its group.
  int64_t Offset(int64_t lane, int64_t kv) const {
    return (lane / group_ * shape_.heads + kv * group_ + lane % group_) * shape_.head_width;
  }

  void LoadPanels(const float* q, int64_t first, int64_t kv, int64_t lane, int64_t end) {
    panels_.clear();
    for (; lane < end; lane += kLanes) {
      const auto index = static_cast<int64_t>(panels_.size());
      const int64_t used = std::min(kLanes, end - lane);
      float* queries = panel_memory_.get() + index * panel_floats_;
      float* sums = queries + KeyWords(shape_) * kLanes;
      float* most = sums + shape_.head_width * kLanes;
      int32_t* positions = positions_.get() + index * kLanes;
      panels_.push_back({.first = first + lane / group_,
                         .last = first + (lane + used - 1) / group_,
                         .queries = queries,
                         .sums = sums,
                         .most = most,
                         .total = most + kLanes,
                         .positions = positions});
      const float* rows[kLanes];
      for (int64_t l = 0; l < used; ++l) rows[l] = q + Offset(lane + l, kv);
      LoadQueries(shape_, rows, used, scores_.get(), queries);
      // Lanes without a query have the last position.
      for (int64_t l = 0; l < kLanes; ++l) {
        positions[l] = static_cast<int32_t>(first + (lane + std::min(l, used - 1)) / group_);
      }
      std::fill_n(sums, shape_.head_width * kLanes, 0.0f);
      // Not minus infinity: the difference of two of those is not a number.
      std::fill_n(most, kLanes, std::numeric_limits<float>::lowest());
      std::fill_n(most + kLanes, kLanes, 0.0f);
    }
  }

  // Words of 32 bits, floats or not.
  void PassKeys(const uint32_t* keys, const uint32_t* values) {
    const int64_t end = panels_.back().last + 1;
    const int64_t oldest =
        shape_.window > 0 ? std::max<int64_t>(0, panels_.front().first - shape_.window + 1) : 0;
    for (int64_t begin = oldest / kKeyTile * kKeyTile; begin < end; begin += kKeyTile) {
      const KeyTile tile{begin, std::min(kKeyTile, end - begin), keys + begin * KeyWords(shape_),
                         values + (shape_.bf16 ? begin / 2 : begin) * shape_.head_width};
      for (const QueryPanel& panel : panels_) {
        const int64_t count = std::min(tile.count, panel.last + 1 - begin);
        const bool behind =
            shape_.window > 0 && begin + kKeyTile <= panel.first - shape_.window + 1;
        if (count <= 0 || behind) continue;
        AddKeyTile(shape_, tile, count, scores_.get(), panel);
      }
    }
  }

  void StorePanels(int64_t kv, int64_t lane, int64_t end, float* out) const {
    for (const QueryPanel& panel : panels_) {
      const int64_t used = std::min(kLanes, end - lane);
      float* rows[kLanes];
      for (int64_t l = 0; l < used; ++l) rows[l] = out + Offset(lane + l, kv);
      StoreSums(shape_, panel, used, rows);
      lane += kLanes;
    }
  }

  const AttentionShape shape_;
  const int64_t group_;                              // query heads of a KV head
  const int64_t panel_floats_;                       // queries, sums, most, total
  const hwy::AlignedFreeUniquePtr<float[]> scores_;  // a tile of scores, or queries on their way in
  const hwy::AlignedFreeUniquePtr<float[]> panel_memory_;
  const hwy::AlignedFreeUniquePtr<int32_t[]> positions_;
  std::vector<QueryPanel> panels_;
};

}  // namespace

std::unique_ptr<Attention> NewAttention(const AttentionShape& shape) {
  if (shape.kv_heads < 1 || shape.heads % shape.kv_heads != 0 || shape.head_width < 1) {
    throw Error(fmt::format("attention with {} heads of {} values over {} KV heads", shape.heads,
                            shape.head_width, shape.kv_heads),
                "", Error::Kind::kInternal);
  }
  InitCpuLevel();
  return std::make_unique<CpuAttention>(shape);
}

}  // namespace rsr
