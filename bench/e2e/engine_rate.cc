// Tokens per second of an engine, output layer and all statistics included, and a check of
// its answer against llama.cpp's own logits.
//
//   engine_rate ENGINE MODEL.gguf CACHE_DIR THREADS LENGTH[xCOUNT]...
//
// Sequences of LENGTH tokens, COUNT of them in a pack (1).
// One JSON object a line: first the float32 model that is measured and the rate of a bare product
// on this core, then one for each length. Rates by CPU time hold on a machine that does other work,
// too.
#include <fmt/format.h>
#include <llama.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "bench/cpu_seconds.h"
#include "engine/open_engine.h"
#include "kernels/matmul.h"
#include "rsr/error.h"
#include "student/decoder_config.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

std::vector<int32_t> Ids(int64_t length, int64_t vocab, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> ids(static_cast<size_t>(length));
  for (int32_t& id : ids) id = static_cast<int32_t>(random() % static_cast<uint32_t>(vocab));
  return ids;
}

// Surprisal of the last `count` ids from the logits of llama.cpp's output layer, in double.
std::vector<double> PlainSurprisals(llama_model* model, std::vector<int32_t> ids, size_t count) {
  constexpr size_t kPiece = 256;
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(ids.size());
  params.n_batch = params.n_ubatch = kPiece;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.type_k = params.type_v = GGML_TYPE_F32;
  params.n_threads = params.n_threads_batch =
      1;  // more would wait for each other on a busy machine
  const std::unique_ptr<llama_context, decltype(&llama_free)> context(
      llama_init_from_model(model, params), llama_free);
  const auto vocab = static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(model)));
  std::vector<double> surprisals;
  llama_batch batch = llama_batch_init(kPiece, 0, 1);
  for (size_t first = 0; first < ids.size(); first += kPiece) {
    const size_t size = std::min(kPiece, ids.size() - first);
    batch.n_tokens = static_cast<int32_t>(size);
    for (size_t i = 0; i < size; ++i) {
      batch.token[i] = ids[first + i];
      batch.pos[i] = static_cast<llama_pos>(first + i);
      batch.n_seq_id[i] = 1;
      batch.seq_id[i][0] = 0;
      batch.logits[i] = first + i + 1 + count >= ids.size();
    }
    if (llama_decode(context.get(), batch) != 0) throw Error("llama_decode failed");
    for (size_t i = 0; i < size; ++i) {
      if (batch.logits[i] == 0 || first + i + 1 == ids.size()) continue;
      const float* logits = llama_get_logits_ith(context.get(), static_cast<int32_t>(i));
      const double most = *std::max_element(logits, logits + vocab);
      double sum = 0;
      for (size_t v = 0; v < vocab; ++v) sum += std::exp(logits[v] - most);
      surprisals.push_back(most + std::log(sum) - logits[ids[first + i + 1]]);
    }
  }
  llama_batch_free(batch);
  return surprisals;
}

// GFLOP/s of a bare product of 128 rows with the student's widest matrix, on one core: what the
// rates are measured against.
double ProductRate(const DecoderConfig& config) {
  constexpr int64_t kRows = 128;
  const std::vector<float> row(static_cast<size_t>(config.width), 1.0f);
  const std::vector<float> x(static_cast<size_t>(kRows * config.width), 1.0f);
  std::vector<float> y(static_cast<size_t>(kRows * config.feed_forward));
  PackedMatrix weights(config.feed_forward, config.width);
  for (int64_t i = 0; i < config.feed_forward; ++i) weights.Pack(i, 1, row.data());
  double least = 1e30;
  for (int i = 0; i < 50; ++i) {
    const double start = CpuSeconds();
    MatMul(x.data(), kRows, weights, y.data());
    least = std::min(least, CpuSeconds() - start);
  }
  return 2e-9 * static_cast<double>(kRows * config.width * config.feed_forward) / least;
}

// GFLOP of a token in products: layers, attention counted causally, output layer.
double GflopPerToken(const DecoderConfig& c, int64_t length) {
  const int64_t q = c.heads * c.head_width, kv = c.kv_heads * c.head_width;
  const int64_t layer = 2 * c.width * (2 * q + 2 * kv + 3 * c.feed_forward) + 2 * q * (length + 1);
  return 1e-9 * static_cast<double>(c.layers * layer + 2 * c.width * c.vocab);
}

void Measure(Engine& engine, llama_model* plain, int threads, int64_t length, int64_t count_in_pack,
             const DecoderConfig& config) {
  const int64_t vocab = config.vocab;
  // Some seconds a thread.
  const int each = static_cast<int>(std::max<int64_t>(1, 4096 / (length * count_in_pack)));
  std::vector<std::vector<TokenStats>> last(static_cast<size_t>(threads));
  std::vector<std::unique_ptr<EngineWorker>> workers;
  for (int t = 0; t < threads; ++t) workers.push_back(engine.NewWorker());
  std::vector<int32_t> positions(static_cast<size_t>(length) - 1);
  std::iota(positions.begin(), positions.end(), 1);
  std::vector<double> cpu_seconds(static_cast<size_t>(threads));
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      auto& stats = last[static_cast<size_t>(t)];
      stats.resize(positions.size());
      std::vector<TokenStats> others(positions.size() * static_cast<size_t>(count_in_pack - 1));
      const double cpu_start = CpuSeconds();
      for (int i = 0; i < each; ++i) {
        const std::vector<int32_t> ids = Ids(length, vocab, static_cast<uint32_t>(i));
        std::vector<ScoreRequest> pack = {{ids, positions, stats.data()}};
        for (size_t other = 0; other < others.size(); other += positions.size()) {
          pack.push_back({ids, positions, others.data() + other});
        }
        workers[static_cast<size_t>(t)]->Score(pack);
      }
      cpu_seconds[static_cast<size_t>(t)] = CpuSeconds() - cpu_start;
    });
  }
  for (std::thread& thread : running) thread.join();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const int64_t tokens = length * count_in_pack * each * threads;
  const double cpu_rate =
      static_cast<double>(tokens) / std::accumulate(cpu_seconds.begin(), cpu_seconds.end(), 0.0);

  const size_t count = std::min<size_t>(128, positions.size());
  const std::vector<double> expected =
      PlainSurprisals(plain, Ids(length, vocab, static_cast<uint32_t>(each) - 1), count);
  double worst = 0;
  for (const auto& stats : last) {
    for (size_t i = 0; i < count; ++i) {
      const double surprisal = stats[stats.size() - count + i].surprisal;
      worst = std::max(worst, std::abs(surprisal - expected[i]));
    }
  }
  fmt::print(
      R"({{"length": {}, "in_pack": {}, "threads": {}, "tokens": {}, "seconds": {:.3f}, "tokens_per_second": {:.1f}, )"
      R"("tokens_per_cpu_second": {:.1f}, "gflops_per_core": {:.1f}, )"
      R"("checked": {}, "worst_difference": {:.2e}}})"
      "\n",
      length, count_in_pack, threads, tokens, seconds, static_cast<double>(tokens) / seconds,
      cpu_rate, cpu_rate * GflopPerToken(config, length), count, worst);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  if (argc < 6)
    throw Error("usage: engine_rate ENGINE MODEL.gguf CACHE_DIR THREADS LENGTH[xCOUNT]...");
  const auto choice =
      argv[1] == std::string("native") ? EngineChoice::kNative : EngineChoice::kLlama;
  const GgufInfo info = ReadGguf(argv[2]);
  const std::string model = DequantisedGguf(info, HashFile(argv[2]), argv[3]);
  const int threads = std::atoi(argv[4]);
  std::string why_not;
  const auto config = ReadDecoderConfig(ReadGguf(model), &why_not);
  if (!config) throw Error(model + ": " + why_not);
  fmt::print(R"({{"model": "{}", "product_gflops": {:.1f}}})"
             "\n",
             model, ProductRate(*config));
  const auto engine =
      OpenEngine({.student = {.path = model, .engine = choice, .precision = Precision::kF32},
                  .workers = threads})
          .engine;
  llama_model_params params = llama_model_default_params();
  params.use_extra_bufts = false;
  const std::unique_ptr<llama_model, decltype(&llama_model_free)> plain(
      llama_model_load_from_file(model.c_str(), params), llama_model_free);
  for (int i = 5; i < argc; ++i) {
    const std::string size = argv[i];
    const size_t cross = size.find('x');
    const int64_t count = cross == std::string::npos ? 1 : std::atoll(size.c_str() + cross + 1);
    Measure(*engine, plain.get(), threads, std::atoll(argv[i]), std::max<int64_t>(1, count),
            *config);
  }
  return 0;
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  try {
    return rsr::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "engine_rate: {}\n", error.what());
    return 1;
  }
}
