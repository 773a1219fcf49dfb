// Token sequences and positions in, one statistics record per position out.
//
// A result depends only on its own sequence, the student, the precision and the CPU level: bit for
// bit, whatever the number of workers, the order of the calls, what else is in the pack or the
// number of positions per sweep.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernels/vocab_sweep.h"
#include "rsr/error.h"
#include "rsr/memory_plan.h"
#include "rsr/student.h"

namespace rsr {

// A sequence and the positions of it that are scored.
struct ScoreRequest {
  std::span<const int32_t> ids;
  std::span<const int32_t> positions;  // ascend, >= 1
  TokenStats* out;  // [positions]: statistics of ids[positions[i]] given ids[0 .. positions[i])
};

// What failed at one sequence of a pack.
class SequenceError : public Error {
 public:
  SequenceError(size_t sequence, const Error& error) : Error(error), sequence_(sequence) {}
  size_t sequence() const { return sequence_; }  // its index in the pack

 private:
  size_t sequence_;
};

// One thread's share of an engine: scratch memory and KV cache. Grows to the largest pack it has
// seen.
class EngineWorker {
 public:
  virtual ~EngineWorker() = default;
  // Scores a pack of sequences. Throws SequenceError where one of them is at fault, rsr::Error if
  // memory runs out or the engine fails; no `out` is to be used then.
  virtual void Score(std::span<const ScoreRequest> pack) = 0;
  void Score(std::span<const int32_t> ids, std::span<const int32_t> positions, TokenStats* out) {
    const ScoreRequest request{ids, positions, out};
    Score({&request, 1});
  }

  // The final hidden states, behind the output norm, that predict ids[positions[i]]: out
  // [positions, width]. What Score makes its statistics of, bit for bit. Throws as Score.
  virtual void Hidden(std::span<const int32_t> ids, std::span<const int32_t> positions,
                      float* out) = 0;
};

// What lies between final hidden states and logits.
struct OutputHead {
  const OutputMatrix* matrix = nullptr;
  LogitTransform transform;
};

struct EngineInfo {
  std::string name;           // "native" or "llama"
  std::string precision;      // what was chosen: "f32", "bf16" or "native"
  std::string precision_why;  // in one clause, if Precision::kAuto was asked for; else empty
  // What to weigh before a long run, if Precision::kAuto was asked for and there is something.
  std::string precision_note;
  std::string cpu_level;  // of the sweep
  int64_t weights_bytes = 0;
  MemoryPlan plan;
  int64_t pack_tokens = 0;  // shorter sequences are best collected to packs of so many tokens
  int64_t most_tokens = 0;  // of a sequence, beyond which it takes more memory than was planned
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<EngineWorker> NewWorker() = 0;  // the engine outlives its workers
  virtual OutputHead head() const = 0;                    // lives as long as the engine
  virtual const EngineInfo& info() const = 0;
};

struct EngineOptions {
  StudentOptions student;
  std::string student_hash;     // HashFile of student.path where it is known; empty: made if needed
  int workers = 1;              // only for the plan of memory
  int64_t longest_row = 0;      // tokens, no row has more; 0: unknown
  int64_t worker_bytes = 0;     // what a worker's user takes beside it, for the plan
  int64_t reading_bytes = 0;    // what reading and tokenizing takes, all workers together
  bool layer_by_layer = false;  // even where the weights fit; for tests and measurements
  int64_t sweep_rows = 256;     // positions per vocabulary sweep; never changes a result
};

}  // namespace rsr
