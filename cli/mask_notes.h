// What a person should know about the masks: as JSON fields, and as warnings.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/printer.h"
#include "rsr/score.h"

namespace rsr::cli {

void AddNotes(const MaskNotes& notes, nlohmann::ordered_json* out);

// A warning for each count that is not zero.
void PrintNotes(const MaskNotes& notes, Printer& printer);

}  // namespace rsr::cli
