#include "engine/native/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/memory_limit.h"
#include "kernels/matmul.h"
#include "rsr/error.h"
#include "rsr/thousands.h"

namespace rsr {
namespace {

// Trajectories of some hundred tokens fill the decoder's blocks of 128 rows and the sweep's of 256
// only together. SmolLM2-135M, rows of 200 tokens, one core of a Zen 5, quiet: 828 tokens/s one by
// one, 841 to 860 in packs of 1,000 and 2,000.
constexpr int64_t kPackTokens = 1024;
// Layer by layer every pack pays for unpacking the student once; with so many tokens that is a few
// percent, and a killed run loses no more than that many of every worker.
constexpr int64_t kLayerPackTokens = 16384;

constexpr int64_t kFloat = sizeof(float);

// What a token of a worker's pack takes: residual stream, keys and values of one layer, cosines and
// sines (whose tables may move once while they grow), and its id, position, statistics and columns
// on the way to the store.
int64_t BytesPerToken(const DecoderConfig& c) {
  const int64_t rope_tables = 1 + (c.window > 0 ? 1 : 0) + (c.rope_long_beyond > 0 ? 1 : 0);
  constexpr int64_t kColumns = 256;
  return (c.width + 2 * c.kv_heads * c.head_width + 2 * rope_tables * c.rope_width) * kFloat +
         kColumns;
}

// What a worker takes whatever its pack: the decoder's blocks, the rows that wait for the sweep,
// the sweep's tiles and blocks, attention's panels.
int64_t BytesPerWorker(const DecoderConfig& c, int64_t sweep_rows) {
  const int64_t q = c.heads * c.head_width, kv = c.kv_heads * c.head_width;
  const int64_t block = 128 * (2 * c.width + 2 * q + 2 * kv + c.feed_forward);
  const int64_t sweep = (3 * sweep_rows + 2 * 256 + 32) * c.width;
  constexpr int64_t kSmall = int64_t{8} << 20;  // stack, attention, logits of a tile, allocator
  return (block + sweep) * kFloat + kSmall;
}

}  // namespace

int64_t LayerBytes(const DecoderConfig& c, WeightType type) {
  const auto packed = [&](int64_t columns, int64_t depth) {
    return PackedMatrix::Bytes(columns, depth, type);
  };
  const int64_t q = c.heads * c.head_width, kv = c.kv_heads * c.head_width;
  const int64_t norms = (4 * c.width + 4 * q + 3 * c.feed_forward) * kFloat;  // and biases
  return packed(q, c.width) + packed(2 * kv, c.width) + packed(c.width, q) +
         2 * packed(c.feed_forward, c.width) + packed(c.width, c.feed_forward) + norms;
}

MemoryPlan PlanMemory(const DecoderConfig& config, const EngineOptions& options) {
  MemoryPlan plan;
  plan.limit = MemoryLimit(options);
  plan.rest = RestBytes(options);
  plan.workers = options.workers;
  plan.longest_row = LongestRow(options, config.context_length);
  const int64_t layer = LayerBytes(config, LayerType(options.student.precision));
  plan.weights = config.layers * layer + config.vocab * config.width * kFloat;
  plan.pack_tokens = kPackTokens;
  const auto activations = [&](int64_t tokens, int64_t sweep_rows) {
    return plan.workers * (BytesPerWorker(config, sweep_rows) + options.worker_bytes +
                           std::max(tokens, plan.longest_row) * BytesPerToken(config));
  };
  plan.activations = activations(kPackTokens, options.sweep_rows);
  if (plan.total() <= plan.limit && !options.layer_by_layer) return plan;

  const int64_t resident = plan.total();
  plan.layer_by_layer = true;
  // Beside the layer the rows of a matrix that are on their way into it.
  plan.weights = layer + 64 * std::max(config.width, config.feed_forward) * kFloat;
  const int64_t sweep_rows = kLayerSweeps * options.sweep_rows;
  plan.activations = activations(0, sweep_rows);
  if (plan.total() > plan.limit) {
    throw Error(
        fmt::format("{} MB of memory are too few for this student: layer by layer it takes {} MB "
                    "with {} worker{} and rows of up to {} tokens (all weights at once: {} MB)",
                    plan.limit / 1'000'000, Megabytes(plan.total()), plan.workers,
                    plan.workers == 1 ? "" : "s", Thousands(plan.longest_row), Megabytes(resident)),
        fmt::format("give it --memory {}M, use fewer --threads, or score with a lower --max-tokens",
                    Megabytes(plan.total())));
  }
  const int64_t spare = (plan.limit - plan.total()) / plan.workers / BytesPerToken(config);
  plan.pack_tokens = std::min(kLayerPackTokens, plan.longest_row + spare);
  plan.activations = activations(plan.pack_tokens, sweep_rows);
  return plan;
}

int64_t MostTokens(const DecoderConfig& config, const MemoryPlan& plan) {
  const int64_t spare = (plan.limit - plan.total()) / plan.workers / BytesPerToken(config);
  return std::max(plan.longest_row, plan.pack_tokens) + spare;
}

}  // namespace rsr
