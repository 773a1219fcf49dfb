#include "kernels/cpu/reduce_tile.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/reduce_tile.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "kernels/cpu/vocab_sweep-inl.h"

#if HWY_ONCE
namespace rsr {

HWY_EXPORT(ReduceTile);
HWY_EXPORT(TransformTile);
HWY_EXPORT(CompiledTarget);

void ReduceTile(float* logits, int count, int32_t first_id, GroupState& state) {
  HWY_DYNAMIC_DISPATCH(ReduceTile)(logits, count, first_id, state);
}

void TransformTile(float* logits, int count, const LogitTransform& transform, const float* bias) {
  HWY_DYNAMIC_DISPATCH(TransformTile)(logits, count, transform, bias);
}

int64_t CompiledTarget() { return HWY_DYNAMIC_DISPATCH(CompiledTarget)(); }

}  // namespace rsr
#endif  // HWY_ONCE
