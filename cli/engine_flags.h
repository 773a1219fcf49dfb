// The flags of the commands that run the student: by which engine, in which precision, in how much
// memory.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "rsr/student.h"

namespace rsr::cli {

struct EngineFlags {
  std::string engine = "auto", precision = "auto", memory;

  void Apply(StudentOptions* student) const;  // after parsing; throws rsr::Error
};

void AddEngineFlags(CLI::App& app, EngineFlags& flags);

}  // namespace rsr::cli
