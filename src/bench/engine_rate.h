// The rate of an engine on sequences of random tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/engine.h"
#include "student/decoder_config.h"

namespace rsr {

// Products of a token in a sequence of some length, in GFLOP: of the layers, attention counted
// causally (a token sees half of the sequence), and of the output layer.
struct TokenGflop {
  double layers = 0, head = 0;
  double all() const { return layers + head; }
};
TokenGflop GflopPerToken(const DecoderConfig& config, int64_t length);

struct EngineTask {
  int64_t length = 0;
  int64_t in_pack = 1;  // sequences that a worker takes at once
  bool body = false;    // one position of a sequence scored, not all
  int repetitions = 1;  // of a pack, by each worker
};

struct EngineRun {
  int64_t tokens = 0;             // of all workers
  double seconds = 0;             // by the clock
  double cpu_seconds = 0;         // of all workers together
  std::vector<int32_t> ids;       // of the last pack's sequences, all the same
  std::vector<TokenStats> stats;  // of one of them

  double tokens_per_second() const { return static_cast<double>(tokens) / seconds; }
  double tokens_per_cpu_second() const { return static_cast<double>(tokens) / cpu_seconds; }
};

// Workers are made and have grown before the clock starts. Throws rsr::Error (kInternal) unless all
// workers give the same, finite numbers, bit for bit.
EngineRun MeasureEngine(Engine& engine, int64_t vocab, int threads, const EngineTask& task);

}  // namespace rsr
