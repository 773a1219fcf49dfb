#include "kernels/vocab_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <new>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "kernels/cpu/cpu_level.h"
#include "kernels/cpu/group_state.h"
#include "kernels/cpu/reduce_tile.h"
#include "kernels/cpu/tile_product.h"
#include "kernels/sweep_input.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// Rows that share one pass over the weights: reading (or dequantising) a tile is paid once for this
// many. A whole number of groups.
constexpr int kBlockRows = 1024;
static_assert(kBlockRows % kGroupRows == 0 && kGroupRows <= kTileRows);

hwy::AlignedFreeUniquePtr<float[]> Allocate(int64_t floats) {
  auto memory = hwy::AllocateAligned<float>(floats);
  if (!memory) throw std::bad_alloc();
  return memory;
}

class CpuVocabSweep : public VocabSweep {
 public:
  CpuVocabSweep(const OutputMatrix& matrix, const LogitTransform& transform)
      : matrix_(matrix),
        transform_(transform),
        plain_(transform.scale == 1 && transform.soft_cap == 0 && !transform.bias),
        product_(matrix.width()),
        weights_(Allocate(kTileRows * matrix.width())),
        packed_(Allocate(kBlockRows / kGroupRows * product_.packed_floats())),
        logits_(Allocate(kTileRows * kGroupRows)),
        states_(kBlockRows / kGroupRows) {
    std::fill_n(weights_.get(), kTileRows * matrix.width(), 0.0f);
  }

  void Run(const float* hidden, std::span<const int32_t> targets, TokenStats* out) override {
    CheckTargets(targets, matrix_.vocab());
    const SingleThread single;
    for (size_t first = 0; first < targets.size(); first += kBlockRows) {
      const size_t rows = std::min<size_t>(kBlockRows, targets.size() - first);
      RunBlock(hidden + first * matrix_.width(), targets.subspan(first, rows));
      for (size_t i = 0; i < rows; ++i) {
        const GroupState& state = states_[i / kGroupRows];
        if (!state.IsFinite(i % kGroupRows)) ThrowNotFinite(first + i);
        out[first + i] = state.Finish(i % kGroupRows);
      }
    }
  }

 private:
  void RunBlock(const float* hidden, std::span<const int32_t> targets) {
    const int rows = static_cast<int>(targets.size());
    const int groups = (rows + kGroupRows - 1) / kGroupRows;
    for (int group = 0; group < groups; ++group) {
      const int first = group * kGroupRows;
      product_.Pack(hidden + first * matrix_.width(), std::min(kGroupRows, rows - first),
                    Packed(group));
    }
    FindTargetLogits(targets, groups);
    for (int64_t first = 0; first < matrix_.vocab(); first += kTileRows) {
      const int count = static_cast<int>(std::min<int64_t>(kTileRows, matrix_.vocab() - first));
      const float* weights = Tile(first, count);
      const float* bias = transform_.bias ? transform_.bias + first : nullptr;
      for (int group = 0; group < groups; ++group) {
        Logits(weights, group, count, bias);
        CheckTargetLogits(targets, group, first, count);
        ReduceTile(logits_.get(), count, static_cast<int32_t>(first), states_[group]);
      }
    }
  }

  // The target's logit must be known before the sweep to count what lies above it in one pass, and
  // must be bit for bit the sweep's own: the group's target weights make up one more tile, of whose
  // product the diagonal is used.
  void FindTargetLogits(std::span<const int32_t> targets, int groups) {
    for (int group = 0; group < groups; ++group) {
      const size_t first = group * kGroupRows;
      const size_t rows = std::min<size_t>(kGroupRows, targets.size() - first);
      float bias[kGroupRows] = {}, diagonal[kGroupRows] = {};
      for (size_t row = 0; row < rows; ++row) {
        const int32_t target = targets[first + row];
        Read(target, 1, weights_.get() + row * matrix_.width());
        if (transform_.bias) bias[row] = transform_.bias[target];
      }
      Logits(weights_.get(), group, static_cast<int>(rows), transform_.bias ? bias : nullptr);
      for (size_t row = 0; row < rows; ++row) diagonal[row] = logits_[row * kGroupRows + row];
      states_[group].Reset(diagonal);
    }
  }

  void CheckTargetLogits(std::span<const int32_t> targets, int group, int64_t first_id,
                         int count) const {
    const size_t first = group * kGroupRows;
    const size_t rows = std::min<size_t>(kGroupRows, targets.size() - first);
    for (size_t row = 0; row < rows; ++row) {
      const int64_t v = targets[first + row] - first_id;
      if (v < 0 || v >= count) continue;
      const float expected = states_[group].target[row], got = logits_[v * kGroupRows + row];
      if (std::bit_cast<int32_t>(expected) == std::bit_cast<int32_t>(got)) continue;
      if (expected != expected && got != got) continue;  // NaN: reported at the end
      throw Error(
          fmt::format(
              "the logit of token {} came out as {} and as {} in two products of the same shape",
              targets[first + row], expected, got),
          "", Error::Kind::kInternal);
    }
  }

  void Logits(const float* weights, int group, int count, const float* bias) {
    product_.Multiply(weights, Packed(group), logits_.get());
    if (!plain_) TransformTile(logits_.get(), count, transform_, bias);
  }

  void Read(int64_t first, int count, float* out) const {
    if (const float* all = matrix_.resident()) {
      std::copy_n(all + first * matrix_.width(), count * matrix_.width(), out);
    } else {
      matrix_.ReadRows(first, count, out);
    }
  }

  // Whole tiles of a matrix in memory are used where they lie. What is left of scratch behind a
  // short tile is multiplied, too, and not looked at.
  const float* Tile(int64_t first, int count) {
    const float* all = matrix_.resident();
    if (all && count == kTileRows) return all + first * matrix_.width();
    Read(first, count, weights_.get());
    return weights_.get();
  }

  float* Packed(int group) { return packed_.get() + group * product_.packed_floats(); }

  const OutputMatrix& matrix_;
  const LogitTransform transform_;
  const bool plain_;
  TileProduct product_;
  const hwy::AlignedFreeUniquePtr<float[]> weights_;  // a tile [kTileRows, width]
  const hwy::AlignedFreeUniquePtr<float[]> packed_;   // the block's groups
  const hwy::AlignedFreeUniquePtr<float[]> logits_;   // [kTileRows, kGroupRows]
  std::vector<GroupState> states_;                    // one a group
};

}  // namespace

std::unique_ptr<VocabSweep> NewVocabSweep(const OutputMatrix& matrix,
                                          const LogitTransform& transform) {
  CheckMatrix(matrix);
  InitCpuLevel();
  return std::make_unique<CpuVocabSweep>(matrix, transform);
}

}  // namespace rsr
