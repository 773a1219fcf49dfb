#include "bench/engine_rate.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <thread>

#include "bench/cpu_seconds.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<int32_t> RandomIds(int64_t length, int64_t vocab) {
  std::mt19937 random(1);
  std::vector<int32_t> ids(static_cast<size_t>(length));
  for (int32_t& id : ids) id = static_cast<int32_t>(random() % static_cast<uint32_t>(vocab));
  return ids;
}

// What one thread does and what came of it.
struct Share {
  std::unique_ptr<EngineWorker> worker;
  std::vector<std::vector<TokenStats>> stats;  // of each sequence of a pack
  double cpu_seconds = 0;
  std::exception_ptr failure;
};

// All threads at once; throws what the first of them threw.
template <typename Work>
void OnAll(std::vector<Share>& shares, const Work& work) {
  std::vector<std::thread> running;
  for (Share& share : shares) {
    running.emplace_back([&share, &work] {
      try {
        work(share);
      } catch (...) {
        share.failure = std::current_exception();
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  for (const Share& share : shares) {
    if (share.failure) std::rethrow_exception(share.failure);
  }
}

void Check(const std::vector<Share>& shares) {
  const std::vector<TokenStats>& first = shares.front().stats.front();
  for (const TokenStats& stats : first) {
    if (std::isfinite(stats.surprisal) && stats.rank >= 1) continue;
    throw Error(
        fmt::format("the engine gives a surprisal of {} and rank {}", stats.surprisal, stats.rank),
        "", Error::Kind::kInternal);
  }
  for (const Share& share : shares) {
    for (const auto& stats : share.stats) {
      if (std::memcmp(stats.data(), first.data(), first.size() * sizeof(TokenStats)) == 0) continue;
      throw Error("two workers of the engine give other bits for the same sequence", "",
                  Error::Kind::kInternal);
    }
  }
}

}  // namespace

TokenGflop GflopPerToken(const DecoderConfig& c, int64_t length) {
  const int64_t q = c.heads * c.head_width, kv = c.kv_heads * c.head_width;
  const int64_t layer = 2 * c.width * (2 * q + 2 * kv + 3 * c.feed_forward) + 2 * q * (length + 1);
  return {.layers = 1e-9 * static_cast<double>(c.layers * layer),
          .head = 2e-9 * static_cast<double>(c.width * c.vocab)};
}

EngineRun MeasureEngine(Engine& engine, int64_t vocab, int threads, const EngineTask& task) {
  EngineRun run{.ids = RandomIds(task.length, vocab)};
  std::vector<int32_t> positions(task.body ? 1 : run.ids.size() - 1);
  std::iota(positions.begin(), positions.end(),
            static_cast<int32_t>(task.body ? task.length - 1 : 1));
  std::vector<Share> shares(static_cast<size_t>(threads));
  for (Share& share : shares) {
    share.worker = engine.NewWorker();
    share.stats.assign(static_cast<size_t>(task.in_pack),
                       std::vector<TokenStats>(positions.size()));
  }
  OnAll(shares, [&](Share& share) {  // a mapped file's pages are read, code is loaded
    TokenStats unused;
    const int32_t position = 1;
    share.worker->Score(run.ids, {&position, 1}, &unused);
  });
  const auto start = Clock::now();
  OnAll(shares, [&](Share& share) {
    const double cpu_start = CpuSeconds();
    for (int i = 0; i < task.repetitions; ++i) {
      std::vector<ScoreRequest> pack;
      for (auto& stats : share.stats) pack.push_back({run.ids, positions, stats.data()});
      share.worker->Score(pack);
    }
    share.cpu_seconds = CpuSeconds() - cpu_start;
  });
  run.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  Check(shares);
  for (const Share& share : shares) run.cpu_seconds += share.cpu_seconds;
  run.tokens = task.length * task.in_pack * task.repetitions * threads;
  run.stats = std::move(shares.front().stats.front());
  return run;
}

}  // namespace rsr
