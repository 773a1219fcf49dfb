// The chosen rows written in the format that was asked for (docs/exports.md).
#pragma once

#include <string>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/choose.h"
#include "store/run.h"

namespace rsr {

// `jsonl`, `llamafactory` ...
std::string FormatName(ExportFormat format);

// Name of the data file in the output directory.
std::string DataFileName(ExportFormat format);

// What may stand beside data file and manifest.
inline constexpr const char* kFilesBeside[] = {"rejected.jsonl", "dataset_info.json",
                                               "axolotl.yaml"};

// Writes data_file and what the trainer needs beside it into options.out. A pick that the format
// cannot say is taken out of `choice` and returned. Throws rsr::Error.
std::vector<RejectedRow> WriteExport(const ScoredRows& data, const SelectOptions& options,
                                     const std::string& data_file, Choice& choice);

}  // namespace rsr
