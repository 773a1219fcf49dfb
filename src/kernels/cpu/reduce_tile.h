// Highway's share of the sweep, compiled for every instruction set and chosen at run time.
#pragma once

#include <cstdint>

#include "kernels/cpu/group_state.h"
#include "kernels/vocab_sweep.h"

namespace rsr {

// logits [count, kGroupRows]: entries [first_id, first_id + count) of the vocabulary, one column a
// row of the group, 64-byte aligned. Overwrites the logits.
void ReduceTile(float* logits, int count, int32_t first_id, GroupState& state);

// logits = cap(scale * logits + bias) in place; `bias` holds `count` values or is null.
void TransformTile(float* logits, int count, const LogitTransform& transform, const float* bias);

// The Highway target that the functions above run, as compiled into them.
int64_t CompiledTarget();

}  // namespace rsr
