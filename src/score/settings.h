// Run settings as run.json names them.
#pragma once

#include <string>

#include "rsr/student.h"
#include "store/run.h"

namespace rsr {

std::string UtcNow();  // ISO 8601, as RunInfo::created

const char* MaskName(MaskPolicy mask);
const char* ThinkingName(ThinkingPolicy thinking);
Precision ParsePrecision(const std::string& name);  // of EngineInfo::precision
EngineChoice ParseEngine(const std::string& name);  // of EngineInfo::name

// How the student of a run was opened; `path` instead of where it lay then, if not empty. Throws
// rsr::Error for a mask or a thinking policy that this rsr does not know.
StudentOptions StudentOf(const RunInfo& info, const std::string& path);

}  // namespace rsr
