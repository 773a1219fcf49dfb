// What the native engine will take, computed from the student's sizes before anything is unpacked.
#pragma once

#include <cstdint>

#include "engine/engine.h"
#include "kernels/matmul.h"
#include "rsr/memory_plan.h"
#include "student/decoder_config.h"

namespace rsr {

// Layer by layer the output matrix is read from the file for every sweep: so many times the rows of
// a sweep share that (151,936 x 896 values: 0.1 s, the product of 256 rows 0.3 s).
inline constexpr int64_t kLayerSweeps = 4;

// Of the layers' matrices.
constexpr WeightType LayerType(Precision precision) {
  return precision == Precision::kBf16 ? WeightType::kBf16 : WeightType::kF32;
}

// Bytes of one unpacked layer.
int64_t LayerBytes(const DecoderConfig& config, WeightType type);

// Weights stay unpacked if everything fits in the limit, else they are unpacked layer by layer.
// Throws rsr::Error, with the least limit that would do, if not even one layer fits.
MemoryPlan PlanMemory(const DecoderConfig& config, const EngineOptions& options);

// Tokens that a row may have at most: what the plan leaves free is shared among the workers.
int64_t MostTokens(const DecoderConfig& config, const MemoryPlan& plan);

}  // namespace rsr
