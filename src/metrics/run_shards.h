// Runs of `rsr score --shard I/N` over one input: parts of what a single run would hold.
#pragma once

#include <string>
#include <vector>

#include "metrics/scored_rows.h"

namespace rsr {

// [run]: the first of the runs that hold shards of the same input, of the same rows of it; itself
// for a run that is no shard. Throws rsr::Error for a shard that is there twice.
std::vector<size_t> FirstShards(const std::vector<ScoredRows::Run>& runs);

// What is missing: shards that were not given, rows of runs that were stopped. Empty for nothing.
std::vector<std::string> MissingRows(const std::vector<ScoredRows::Run>& runs);

}  // namespace rsr
