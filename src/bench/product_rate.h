// The rate of bare products with a student's matrices: what the engine's own rate is measured
// against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

// GFLOP/s a core of the fastest shape in this precision with all threads at work.
double PeakPerCore(const std::vector<BenchProduct>& products, const std::string& precision,
                   int threads);

}  // namespace rsr
