#include "cli/wide_table.h"

#include <algorithm>

namespace rsr::cli {
namespace {

Table Columns(const Table& table, size_t begin, size_t end) {
  Table part;
  part.rows.resize(table.rows.size());
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (c != 0 && (c < begin || c >= end)) continue;
    part.columns.push_back(table.columns[c]);
    for (size_t r = 0; r < table.rows.size(); ++r) part.rows[r].push_back(table.rows[r][c]);
  }
  return part;
}

// Of the longest line; each character that UTF-8 begins counts as one column.
int Width(const std::string& text) {
  int widest = 0, width = 0;
  for (const char c : text) {
    width = c == '\n' ? 0 : width + ((static_cast<unsigned char>(c) & 0xC0) != 0x80);
    widest = std::max(widest, width);
  }
  return widest;
}

int WidthOf(const Table& table, size_t begin, size_t end) {
  return Width(FormatTable(Columns(table, begin, end), TableFormat::kText));
}

}  // namespace

std::string TextInBlocks(const Table& table, int width) {
  const size_t columns = table.columns.size();
  std::string whole = FormatTable(table, TableFormat::kText);
  if (width <= 0 || columns < 3 || Width(whole) <= width) return whole;
  const int first = WidthOf(table, 0, 0);
  std::string text;
  for (size_t begin = 1; begin < columns;) {
    int used = first;
    size_t end = begin;
    while (end < columns) {
      used += WidthOf(table, end, end + 1) - first;
      if (used > width && end > begin) break;
      ++end;
    }
    if (!text.empty()) text += "\n";
    text += FormatTable(Columns(table, begin, end), TableFormat::kText);
    begin = end;
  }
  return text;
}

}  // namespace rsr::cli
