// The printed forms of a table.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/nearest.h"
#include "base/printable.h"
#include "report/display_width.h"
#include "report/table_parquet.h"
#include "rsr/error.h"
#include "rsr/table.h"

namespace rsr {
namespace {

std::string PlainText(const Cell& cell, const Column& column) {
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<int64_t>(&cell)) return fmt::format("{}", *whole);
  if (const auto* number = std::get_if<double>(&cell))
    return fmt::format("{:.{}f}", *number, column.decimals);
  if (const auto* text = std::get_if<std::string>(&cell)) return Printable(*text);
  return "-";
}

bool IsNumeric(const Table& table, size_t column) {
  return std::none_of(table.rows.begin(), table.rows.end(), [&](const std::vector<Cell>& row) {
    return std::holds_alternative<std::string>(row[column]) ||
           std::holds_alternative<bool>(row[column]);
  });
}

// Columns two spaces apart, numbers to the right; no blanks at the end of a line.
std::string Aligned(const Table& table) {
  const size_t n = table.columns.size();
  std::vector<std::vector<std::string>> lines(1 + table.rows.size());
  std::vector<int> widths(n, 0);
  for (size_t c = 0; c < n; ++c) {
    lines[0].push_back(Printable(table.columns[c].name));
    for (size_t r = 0; r < table.rows.size(); ++r) {
      lines[r + 1].push_back(PlainText(table.rows[r][c], table.columns[c]));
    }
    for (const auto& line : lines) widths[c] = std::max(widths[c], DisplayWidth(line[c]));
  }
  std::vector<bool> right(n);
  for (size_t c = 0; c < n; ++c) right[c] = IsNumeric(table, c);
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (size_t c = 0; c < n; ++c) {
      const std::string pad(widths[c] - DisplayWidth(line[c]), ' ');
      if (c > 0) text += "  ";
      text += right[c] ? pad + line[c] : line[c] + pad;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

// Tabs, line breaks and backslashes are escaped as \t \n \r \\, other controls as \x1b.
std::string TsvText(const Cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{}", *number);
  if (std::holds_alternative<std::monostate>(cell)) return "";
  if (const auto* text = std::get_if<std::string>(&cell)) {
    std::string doubled;
    for (const char c : *text) doubled.append(c == '\\' ? 2 : 1, c);
    return Printable(doubled);
  }
  return PlainText(cell, {});
}

std::string Tsv(const Table& table) {
  std::vector<std::string> lines(1 + table.rows.size());
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const char* end = c + 1 < table.columns.size() ? "\t" : "\n";
    lines[0] += TsvText(table.columns[c].name) + end;
    for (size_t r = 0; r < table.rows.size(); ++r) lines[r + 1] += TsvText(table.rows[r][c]) + end;
  }
  return fmt::format("{}", fmt::join(lines, ""));
}

nlohmann::ordered_json JsonRow(const Table& table, const std::vector<Cell>& row) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (size_t c = 0; c < row.size(); ++c) {
    auto& value = object[table.columns[c].name];
    std::visit(
        [&](const auto& cell) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(cell)>, std::monostate>) value = cell;
        },
        row[c]);
  }
  return object;
}

// Infinity and NaN become null by the library's own rule; bytes that are not UTF-8 become U+FFFD.
std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string JsonLines(const Table& table) {
  std::string out;
  for (const auto& row : table.rows) out += Dump(JsonRow(table, row)) + "\n";
  return out;
}

std::string JsonArray(const Table& table) {
  std::vector<std::string> objects;
  for (const auto& row : table.rows) objects.push_back(Dump(JsonRow(table, row)));
  return fmt::format("[{}]\n", fmt::join(objects, ",\n "));
}

}  // namespace

TableFormat ParseTableFormat(const std::string& name) {
  static const std::vector<std::string> kNames = {"table", "tsv", "json", "jsonl", "parquet"};
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  if (at == kNames.end()) throw Error("unknown format '" + name + "'", NearestHint(name, kNames));
  return static_cast<TableFormat>(at - kNames.begin());
}

std::string FormatTable(const Table& table, TableFormat format) {
  switch (format) {
    case TableFormat::kText:
      return Aligned(table);
    case TableFormat::kTsv:
      return Tsv(table);
    case TableFormat::kJson:
      return JsonArray(table);
    case TableFormat::kJsonl:
      return JsonLines(table);
    case TableFormat::kParquet:
      return ParquetTable(table);
  }
  return "";
}

}  // namespace rsr
