// Rotary position embedding: pairs of a head's values turned by an angle that grows with the
// position.
//
// Pairs are (i, i + width / 2), as Hugging Face lays heads out ("neox"); a file that stores them
// side by side has its query and key rows sorted when they are packed.
//
// Angles are rounded as transformers rounds them, since that is what students were trained with:
// position * frequency in float32. At position 8,000 the rounding alone turns by up to 2e-4.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rsr {

// 1 / (factors[i] base^(2 i / width)) for i < width / 2, in float32 and in this order, as
// transformers has it. `factors`: of longer contexts (student/rope_scaling.h); empty: none.
std::vector<float> RopeFrequencies(int64_t width, float base, std::span<const float> factors);

// Cosines and sines of the positions [0, positions). Grows; never shrinks.
class RopeTable {
 public:
  // `scale` multiplies cosines and sines (longrope's attention factor); else 1.
  explicit RopeTable(std::vector<float> frequencies, float scale = 1)
      : frequencies_(std::move(frequencies)), scale_(scale) {}

  void Extend(int64_t positions);
  int64_t pairs() const { return static_cast<int64_t>(frequencies_.size()); }
  const float* cosines(int64_t position) const { return table_.data() + position * 2 * pairs(); }
  const float* sines(int64_t position) const { return cosines(position) + pairs(); }

 private:
  std::vector<float> frequencies_;
  float scale_;
  std::vector<float> table_;  // [positions, 2, pairs]
};

// Turns the first 2 * pairs() values of each head of one row [heads, head_width] in place; the rest
// of a head stays.
void ApplyRope(const RopeTable& table, int64_t position, int64_t heads, int64_t head_width,
               float* row);

// The slow, obvious twin, in double but for the angle. For tests.
void ReferenceApplyRope(std::span<const float> frequencies, int64_t position, int64_t heads,
                        int64_t head_width, double* row);

}  // namespace rsr
