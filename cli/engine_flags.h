// The flags of the commands that run the student: by which engine, in which precision, in how much
// memory.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "rsr/memory_plan.h"
#include "rsr/student.h"

namespace rsr::cli {

struct EngineFlags {
  std::string engine = "auto", precision = "auto", memory;

  void Apply(StudentOptions* student) const;  // after parsing; throws rsr::Error
};

void AddEngineFlags(CLI::App& app, EngineFlags& flags);
void AddMemory(CLI::App& app, std::string& memory);  // its value is ParseBytes'

std::string PlanLine(const MemoryPlan& plan);  // what a run is about to take

}  // namespace rsr::cli
