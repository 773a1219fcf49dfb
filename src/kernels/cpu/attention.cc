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
        panel_floats_(2 * shape.head_width * kLanes + 2 * kLanes),
        memory_(hwy::AllocateAligned<float>(kKeyTile * kLanes + kPanelsAtOnce * panel_floats_)),
        positions_(hwy::AllocateAligned<int32_t>(kPanelsAtOnce * kLanes)) {
    if (!memory_ || !positions_) throw std::bad_alloc();
  }

  void Run(const float* q, int64_t first, int64_t count, const KeysAndValues& sequence,
           float* out) override {
    const int64_t lanes = count * group_;
    for (int64_t kv = 0; kv < shape_.kv_heads; ++kv) {
      const float* keys = sequence.keys + kv * sequence.head_stride;
      const float* values = sequence.values + kv * sequence.head_stride;
      for (int64_t lane = 0; lane < lanes; lane += kPanelsAtOnce * kLanes) {
        const int64_t end = std::min(lanes, lane + kPanelsAtOnce * kLanes);
        LoadPanels(q, first, kv, lane, end);
        PassKeys(keys, values);
        StorePanels(kv, lane, end, out);
      }
    }
  }

 private:
  // Lane l of a KV head is query l / group, head l % group of its group.
  int64_t Offset(int64_t lane, int64_t kv) const {
    return (lane / group_ * shape_.heads + kv * group_ + lane % group_) * shape_.head_width;
  }

  void LoadPanels(const float* q, int64_t first, int64_t kv, int64_t lane, int64_t end) {
    panels_.clear();
    for (; lane < end; lane += kLanes) {
      const auto index = static_cast<int64_t>(panels_.size());
      const int64_t used = std::min(kLanes, end - lane);
      float* queries = memory_.get() + kKeyTile * kLanes + index * panel_floats_;
      int32_t* positions = positions_.get() + index * kLanes;
      QueryPanel panel{.first = first + lane / group_,
                       .last = first + (lane + used - 1) / group_,
                       .queries = queries,
                       .sums = queries + shape_.head_width * kLanes,
                       .most = queries + 2 * shape_.head_width * kLanes,
                       .total = queries + 2 * shape_.head_width * kLanes + kLanes,
                       .positions = positions};
      for (int64_t l = 0; l < kLanes; ++l) {
        // Lanes without a query get zeros and the last position.
        const float* from = q + Offset(lane + std::min(l, used - 1), kv);
        const float scale = l < used ? shape_.scale : 0;
        for (int64_t i = 0; i < shape_.head_width; ++i) queries[i * kLanes + l] = scale * from[i];
        positions[l] = static_cast<int32_t>(first + (lane + std::min(l, used - 1)) / group_);
      }
      std::fill_n(panel.sums, shape_.head_width * kLanes, 0.0f);
      // Not minus infinity: the difference of two of those is not a number.
      std::fill_n(panel.most, kLanes, std::numeric_limits<float>::lowest());
      std::fill_n(panel.total, kLanes, 0.0f);
      panels_.push_back(panel);
    }
  }

  void PassKeys(const float* keys, const float* values) {
    const int64_t width = shape_.head_width, end = panels_.back().last + 1;
    const int64_t oldest =
        shape_.window > 0 ? std::max<int64_t>(0, panels_.front().first - shape_.window + 1) : 0;
    for (int64_t begin = oldest / kKeyTile * kKeyTile; begin < end; begin += kKeyTile) {
      for (const QueryPanel& panel : panels_) {
        const int64_t count = std::min(kKeyTile, panel.last + 1 - begin);
        const bool behind =
            shape_.window > 0 && begin + kKeyTile <= panel.first - shape_.window + 1;
        if (count <= 0 || behind) continue;
        AddKeyTile(shape_, keys + begin * width, values + begin * width, begin, count,
                   memory_.get(), panel);
      }
    }
  }

  void StorePanels(int64_t kv, int64_t lane, int64_t end, float* out) const {
    for (const QueryPanel& panel : panels_) {
      for (int64_t l = 0; l < kLanes && lane + l < end; ++l) {
        float* to = out + Offset(lane + l, kv);
        const float scale = 1 / panel.total[l];
        for (int64_t i = 0; i < shape_.head_width; ++i) to[i] = scale * panel.sums[i * kLanes + l];
      }
      lane += kLanes;
    }
  }

  const AttentionShape shape_;
  const int64_t group_;                              // query heads of a KV head
  const int64_t panel_floats_;                       // queries, sums, most, total
  const hwy::AlignedFreeUniquePtr<float[]> memory_;  // a tile of scores, then the panels
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
