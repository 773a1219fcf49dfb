// Tables people write by hand or export: CSV and TSV with a header line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rsr {

struct DelimitedTable {
  struct Row {
    int64_t line = 0;                // of the file, counted from 1; the first of a quoted cell's
    std::vector<std::string> cells;  // as many as there are columns
  };
  std::string path;
  std::vector<std::string> columns;  // no two of one name
  std::vector<Row> rows;

  std::optional<size_t> Find(const std::string& column) const;
  size_t Column(const std::string& column) const;  // throws rsr::Error with the nearest names
  std::string At(const Row& row) const;            // "path:line"
};

// Reads a whole file. A header with a tab in it makes it TSV, where \t \n \r \\ in a cell are what
// `rsr --format tsv` writes for tab, line breaks and backslash; otherwise CSV (RFC 4180: cells in
// double quotes may hold commas, line breaks and doubled quotes). LF or CRLF, an UTF-8 mark at the
// beginning is dropped, empty lines are skipped, blanks around a cell too. Throws rsr::Error naming
// file and line for a row with another number of cells, a quote that is never closed, a column
// named twice or not at all, no header.
DelimitedTable ReadDelimited(const std::string& path);

// "", "-", NA, null and NaN (of any case), the ways to say that there is no value.
bool IsMissing(const std::string& cell);

// The whole of `cell` as a number, infinity included; nothing for anything else.
std::optional<double> ParseNumber(const std::string& cell);

}  // namespace rsr
