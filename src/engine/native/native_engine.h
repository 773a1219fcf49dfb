// Our own prefill-only engine for dense decoders: float32, one single-threaded worker a core over
// shared packed weights.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "student/student_info.h"

namespace rsr {

// Empty if the native engine computes this student; else why it does not, in one clause.
std::string WhyNotNative(const StudentInfo& student);

// Throws rsr::Error for a student that it does not compute, and missing tensors or wrong shapes.
// Reads nothing.
void CheckNative(const StudentInfo& student);

// Throws rsr::Error: as CheckNative; too little memory (options.student.memory) for even one layer.
std::unique_ptr<Engine> OpenNativeEngine(const EngineOptions& options);

}  // namespace rsr
