#include "bench/product_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <thread>

#include "bench/cpu_seconds.h"
#include "rsr/error.h"

namespace rsr {
namespace {

constexpr int64_t kRows = 128;  // a block of the decoder

std::vector<float> Random(int64_t count, uint32_t seed) {
  std::minstd_rand engine(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& x : values) x = static_cast<float>(engine()) / 1073741824.0f - 1;
  return values;
}

// GFLOP/s by the calling thread's CPU time: the best of some calls that take a tenth of a second.
double Rate(const PackedMatrix& weights, const std::vector<float>& x) {
  std::vector<float> y(static_cast<size_t>(kRows * weights.columns()));
  double least = 1e30, now = CpuSeconds();
  for (const double start = now; now - start < 0.1;) {
    const double before = now;
    MatMul(x.data(), kRows, weights, y.data());
    now = CpuSeconds();
    least = std::min(least, now - before);
  }
  return 2e-9 * static_cast<double>(kRows * weights.depth() * weights.columns()) / least;
}

double RateOfAll(const PackedMatrix& weights, const std::vector<float>& x, int threads) {
  std::vector<double> rates(static_cast<size_t>(threads));
  std::vector<std::thread> running;
  for (double& rate : rates) running.emplace_back([&] { rate = Rate(weights, x); });
  for (std::thread& thread : running) thread.join();
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

void Check(const PackedMatrix& weights, const std::vector<float>& plain, const float* x) {
  const auto columns = static_cast<size_t>(weights.columns());
  std::vector<float> y(columns);
  std::vector<double> expected(columns);
  MatMul(x, 1, weights, y.data());
  ReferenceMatMul(x, 1, plain.data(), weights.columns(), weights.depth(), expected.data(), {},
                  weights.type());
  for (size_t i = 0; i < columns; ++i) {
    if (std::abs(y[i] - expected[i]) < 1e-5 * static_cast<double>(weights.depth())) continue;
    throw Error(fmt::format("a product of depth {} is wrong: {} expected in column {}, got {}",
                            weights.depth(), expected[i], i, y[i]),
                "", Error::Kind::kInternal);
  }
}

}  // namespace

std::vector<ProductShape> ProductShapes(const DecoderConfig& config) {
  const int64_t q = config.heads * config.head_width, kv = config.kv_heads * config.head_width;
  std::vector<ProductShape> shapes;
  for (const ProductShape& shape : {ProductShape{config.width, q},
                                    {config.width, 2 * kv},
                                    {q, config.width},
                                    {config.width, config.feed_forward},
                                    {config.feed_forward, config.width}}) {
    if (std::find(shapes.begin(), shapes.end(), shape) == shapes.end()) shapes.push_back(shape);
  }
  return shapes;
}

BenchProduct MeasureProduct(const ProductShape& shape, WeightType type, int threads) {
  PackedMatrix weights(shape.columns, shape.depth, type);
  const std::vector<float> x = Random(kRows * shape.depth, 1);
  {
    const std::vector<float> plain = Random(shape.columns * shape.depth, 2);
    weights.Pack(0, shape.columns, plain.data());
    Check(weights, plain, x.data());
  }
  return {.precision = type == WeightType::kBf16 ? "bf16" : "f32",
          .depth = shape.depth,
          .columns = shape.columns,
          .one_core = Rate(weights, x),
          .all_cores = RateOfAll(weights, x, threads)};
}

std::vector<BenchProduct> MeasureProducts(const DecoderConfig& config, int threads) {
  std::vector<BenchProduct> products;
  for (const WeightType type : {WeightType::kF32, WeightType::kBf16}) {
    for (const ProductShape& shape : ProductShapes(config)) {
      products.push_back(MeasureProduct(shape, type, threads));
    }
  }
  return products;
}

double LeastSeconds(const TokenGflop& token, const std::string& precision,
                    const std::vector<BenchProduct>& products, int threads) {
  double f32 = 0, layers = 0;
  for (const BenchProduct& product : products) {
    const double a_core = product.all_cores / threads;
    if (product.precision == "f32") f32 = std::max(f32, a_core);
    if (product.precision == (precision == "bf16" ? "bf16" : "f32")) {
      layers = std::max(layers, a_core);
    }
  }
  return token.layers / layers + token.head / f32;
}

}  // namespace rsr
