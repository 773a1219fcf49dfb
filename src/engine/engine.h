// Token sequences and positions in, one statistics record per position out.
//
// A result depends only on its own sequence, the student, the precision and the CPU level: bit for
// bit, whatever the number of workers, the order of the calls or the number of positions per sweep.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernels/vocab_sweep.h"
#include "rsr/student.h"

namespace rsr {

// One thread's share of an engine: scratch memory and KV cache. Grows to the longest sequence it
// has seen.
class EngineWorker {
 public:
  virtual ~EngineWorker() = default;
  // out[i]: statistics of ids[positions[i]] given ids[0 .. positions[i]). Positions ascend and are
  // >= 1. Throws rsr::Error if memory runs out or the engine fails.
  virtual void Score(std::span<const int32_t> ids, std::span<const int32_t> positions,
                     TokenStats* out) = 0;
};

struct EngineInfo {
  std::string name;       // "native" or "llama"
  std::string precision;  // what was chosen: "f32" or "native"
  std::string cpu_level;  // of the sweep
  int64_t weights_bytes = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<EngineWorker> NewWorker() = 0;  // the engine outlives its workers
  virtual const EngineInfo& info() const = 0;
};

struct EngineOptions {
  StudentOptions student;
  std::string student_hash;  // HashFile of student.path where it is known; empty: made if needed
  int workers = 1;           // only for estimates of memory
  int64_t sweep_rows = 256;  // positions per vocabulary sweep; never changes a result
};

}  // namespace rsr
