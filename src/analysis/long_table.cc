#include "analysis/long_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "rsr/error.h"

namespace rsr {

DelimitedTable Widened(DelimitedTable table) {
  const auto metric = table.Find("metric"), value = table.Find("value");
  if (!metric || !value) return table;
  DelimitedTable wide{.path = table.path};
  std::vector<size_t> keys;
  for (const char* key : {"student", "teacher", "run"}) {
    if (!table.Find(key)) continue;
    keys.push_back(*table.Find(key));
    wide.columns.push_back(key);
  }
  std::map<std::string, size_t> column_of;                // of a metric
  std::map<std::vector<std::string>, size_t> row_of;      // of its keys
  std::map<std::pair<size_t, size_t>, int64_t> given_at;  // (row, column) -> line
  for (const DelimitedTable::Row& line : table.rows) {
    const std::string& name = line.cells[*metric];
    if (name.empty() || std::find(wide.columns.begin(), wide.columns.begin() + std::ssize(keys),
                                  name) != wide.columns.begin() + std::ssize(keys)) {
      throw Error(fmt::format("{}: '{}' is no name for a metric", table.At(line), name),
                  "every line needs one in the column 'metric'");
    }
    const auto [column, new_column] = column_of.emplace(name, wide.columns.size());
    if (new_column) wide.columns.push_back(name);
    std::vector<std::string> of;
    for (const size_t key : keys) of.push_back(line.cells[key]);
    const auto [row, new_row] = row_of.emplace(of, wide.rows.size());
    if (new_row) wide.rows.push_back({line.line, std::move(of)});
    const auto [at, new_cell] = given_at.emplace(std::pair(row->second, column->second), line.line);
    if (!new_cell) {
      throw Error(fmt::format("{}: '{}' of the same is there already, at {}:{}", table.At(line),
                              name, table.path, at->second),
                  "remove one, or tell several runs of a teacher apart by a column 'run'");
    }
    std::vector<std::string>& cells = wide.rows[row->second].cells;
    cells.resize(std::max(cells.size(), column->second + 1));
    cells[column->second] = line.cells[*value];
  }
  for (DelimitedTable::Row& row : wide.rows) row.cells.resize(wide.columns.size());
  return wide;
}

}  // namespace rsr
