// The chosen rows' original records, copied out of the input files or, where no file holds them as
// bytes, out of the runs.
#pragma once

#include <string>

#include "metrics/scored_rows.h"
#include "select/choose.h"

namespace rsr {

// Writes one record a line to `path` (under another name, then renamed). A record of a JSON Lines
// file keeps every byte; in one that spans lines of a JSON array file each line break becomes a
// space, which changes no value, as JSON allows line breaks only between values. Throws rsr::Error
// if an input file is missing or not the one that was scored.
void WriteRecords(const ScoredRows& data, const Choice& choice, const std::string& path);

}  // namespace rsr
