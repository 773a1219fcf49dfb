// The chosen rows written in the format that was asked for (docs/exports.md).
#pragma once

#include <string>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/candidates.h"
#include "select/records.h"

namespace rsr {

// `jsonl`, `llamafactory` ...
std::string FormatName(ExportFormat format);

// Name of the data file in the output directory.
std::string DataFileName(ExportFormat format);

// What may stand beside data file and manifest.
inline constexpr const char* kFilesBeside[] = {"rejected.jsonl", "dataset_info.json",
                                               "axolotl.yaml"};

// Writes the data file and what the trainer needs beside it into `folder`. Every pick must fit the
// format. Throws rsr::Error.
void WriteExport(const ScoredRows& data, ExportFormat format, RunInputs& files,
                 const std::string& folder, const std::vector<Candidate>& picks);

}  // namespace rsr
