// The rate of bare products with a student's matrices: what the engine's own rate is measured
// against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/engine_rate.h"
#include "kernels/matmul.h"
#include "rsr/bench.h"
#include "student/decoder_config.h"

namespace rsr {

struct ProductShape {
  int64_t depth, columns;
  bool operator==(const ProductShape&) const = default;
};

// The shapes of a layer's matrices, each once.
std::vector<ProductShape> ProductShapes(const DecoderConfig& config);

// On one core, then on `threads` at once. Throws rsr::Error (kInternal) if the product is wrong.
BenchProduct MeasureProduct(const ProductShape& shape, WeightType type, int threads);

// All shapes, in float32 and in bf16.
std::vector<BenchProduct> MeasureProducts(const DecoderConfig& config, int threads);

// Seconds a core that a token's products would take at the rate of the fastest bare product with
// all threads at work: the layers' in `precision` (bf16, or else float32), the output layer's,
// which is always float32, in that.
double LeastSeconds(const TokenGflop& token, const std::string& precision,
                    const std::vector<BenchProduct>& products, int threads);

}  // namespace rsr
