// Tables that are wider than the terminal.
#pragma once

#include <string>

#include "rsr/table.h"

namespace rsr::cli {

// FormatTable's text in blocks that are no wider than `width` where that can be, the first column
// in front of each. `width` 0: in one.
std::string TextInBlocks(const Table& table, int width);

}  // namespace rsr::cli
