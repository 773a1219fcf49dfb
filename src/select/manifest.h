// manifest.json beside a selection: where each line came from and why it was taken.
#pragma once

#include <string>

#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/choose.h"

namespace rsr {

std::string Manifest(const ScoredRows& data, const SelectOptions& options, const Choice& choice,
                     const SelectSummary& summary);

}  // namespace rsr
