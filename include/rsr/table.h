// A small typed table: what every reading command returns, and its printed forms.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace rsr {

// monostate: no value (printed as `-`, written as null or an empty field).
using Cell = std::variant<std::monostate, bool, int64_t, double, std::string>;

struct Column {
  std::string name;
  int decimals = 3;  // of doubles in the text form; the other forms write every digit
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as `columns`
};

enum class TableFormat { kText, kTsv, kJson, kJsonl, kParquet };

// "table", "tsv", "json", "jsonl" or "parquet"; throws rsr::Error with the nearest name otherwise.
TableFormat ParseTableFormat(const std::string& name);

// The bytes of a Parquet file, else text that ends in a newline. JSON has no infinity or NaN: they
// are written as null.
std::string FormatTable(const Table& table, TableFormat format);

}  // namespace rsr
