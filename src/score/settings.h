// Options as run.json records them, and back.
#pragma once

#include <string>
#include <vector>

#include "data/reader.h"
#include "engine/engine.h"
#include "rsr/score.h"
#include "store/run.h"
#include "student/student_info.h"
#include "text/mask.h"

namespace rsr {

std::string UtcNow();  // ISO 8601, as RunInfo::created

// What a run that begins now says of itself.
RunInfo DescribeRun(const ScoreOptions& options, const StudentInfo& student,
                    const std::string& student_hash, const TextSide& text, const EngineInfo& engine,
                    const std::vector<InputFile>& inputs);

// A run that goes on keeps the date it was begun on and what `auto` chose then.
void KeepChoices(const RunInfo& run, StudentOptions* student);

// How the student of a run was opened; `path` instead of where it lay then, if not empty. Throws
// rsr::Error for a mask or a thinking policy that this rsr does not know.
StudentOptions StudentOf(const RunInfo& info, const std::string& path);

}  // namespace rsr
