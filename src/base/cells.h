// Cells of tables that may hold no value.
#pragma once

#include <cmath>
#include <string>

#include "rsr/table.h"

namespace rsr {

inline Cell NumberCell(double value) { return std::isnan(value) ? Cell() : Cell(value); }
inline Cell TextCell(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

}  // namespace rsr
