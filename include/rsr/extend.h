// Further passes of the student over the rows of a run: what one forward pass cannot tell
// (docs/passes.md).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rsr/score.h"

namespace rsr {

struct ExtendOptions {
  std::string run;                  // a run directory
  std::vector<std::string> passes;  // "ifd", "local_surprisal:k=4,split=sentence", "gradients"
  std::string student;              // where the run's student lies now; empty: where it lay then
  int threads = 0;                  // workers, one core each; 0: all cores this process may use
  int64_t memory = 0;               // bytes, as StudentOptions; the passes' own is planned with it
  std::function<void(const MemoryPlan&)> on_plan;         // called once, before the first pass
  std::function<void(const ScoreProgress&)> on_progress;  // as ScoreOptions
  std::function<bool()> stop;                             // as ScoreOptions
};

struct PassSummary {
  std::string pass, options;  // options: all of them, as recorded
  int64_t rows = 0;           // this session
  int64_t rows_before = 0;    // found done
  int64_t tokens = 0;         // through the student, this session
  double seconds = 0;
  bool stopped = false;  // `stop` asked for it: the same call goes on; later passes were not begun
};

// One a pass, in the order given. A pass lies in RUN/passes/NAME, in the same way as a run, and is
// continued like one. Throws rsr::Error for unknown passes and options, a pass that is there with
// other options, a student, input or row that is not what was scored.
std::vector<PassSummary> Extend(const ExtendOptions& options);

}  // namespace rsr
