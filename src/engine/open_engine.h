// Which engine scores a student.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"

namespace rsr {

struct OpenedEngine {
  std::unique_ptr<Engine> engine;
  std::string why_not_native;  // what made EngineChoice::kAuto take the llama engine; else empty
};

// Throws rsr::Error; kNative also for a student that the native engine does not compute.
OpenedEngine OpenEngine(const EngineOptions& options);

}  // namespace rsr
