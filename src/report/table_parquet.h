// A table as the bytes of a Parquet file.
#pragma once

#include <string>

#include "rsr/table.h"

namespace rsr {

// A column is of the type of its cells (whole and other numbers: double; none at all: double), null
// where a cell is empty. Infinity and NaN stay what they are.
std::string ParquetTable(const Table& table);

}  // namespace rsr
