// The engine on libllama: runs the body of every architecture llama.cpp supports and hands the
// final hidden states, taken before llama.cpp's own output layer, to the vocabulary sweep.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "rsr/student.h"

namespace rsr {

struct LlamaEngineOptions {
  StudentOptions student;
  std::string student_hash;  // HashFile of student.path where it is known; empty: made if needed
  int workers = 1;           // only for the memory estimate of Precision::kAuto
  int64_t sweep_rows = 256;  // positions per vocabulary sweep
};

// Opening checks our output layer against llama.cpp's on a few tokens, so that an architecture that
// does more between body and logits than we know of is refused by name instead of scored wrongly.
// Throws rsr::Error.
std::unique_ptr<Engine> OpenLlamaEngine(const LlamaEngineOptions& options);

}  // namespace rsr
