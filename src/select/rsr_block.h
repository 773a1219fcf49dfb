// The `rsr` block that every exported row gets: what it was chosen by.
#pragma once

#include <nlohmann/json.hpp>

#include "metrics/scored_rows.h"
#include "select/candidates.h"

namespace rsr {

// Its fields: docs/exports.md. Every row has the same, each always of one type or null.
nlohmann::ordered_json RsrBlock(const ScoredRows& data, const Candidate& pick);

// `record` (one JSON object) with the block as its last member; every byte of the record stays. One
// that has an `rsr` block of an earlier selection gets the new one in its place, and is written
// anew.
std::string WithBlock(std::string_view record, const nlohmann::ordered_json& block);

}  // namespace rsr
