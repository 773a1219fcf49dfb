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

// What the weights, all workers at a sequence of the student's context (32,768 tokens at most) and
// the rest of the program take. Only for a student that it computes.
int64_t NativeMemoryBytes(const StudentInfo& student, const EngineOptions& options);

// Throws rsr::Error: a student it does not compute, missing tensors.
std::unique_ptr<Engine> OpenNativeEngine(const EngineOptions& options);

}  // namespace rsr
