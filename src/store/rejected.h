// rejected.jsonl: every row that was not scored, and why.
#pragma once

#include <string>
#include <vector>

#include "store/run.h"

namespace rsr {

std::string RejectedToJsonl(
    std::vector<RejectedRow> rows);  // sorted by row; invalid UTF-8 becomes U+FFFD

}  // namespace rsr
