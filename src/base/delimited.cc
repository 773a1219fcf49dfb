#include "base/delimited.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/file.h"
#include "base/nearest.h"
#include "base/printable.h"
#include "rsr/error.h"

namespace rsr {
namespace {

std::string Trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::string UnescapedTsv(std::string_view cell) {
  std::string out;
  for (size_t i = 0; i < cell.size(); ++i) {
    const size_t at = cell[i] == '\\' && i + 1 < cell.size()
                          ? std::string_view("tnr\\").find(cell[i + 1])
                          : std::string_view::npos;
    out += at == std::string_view::npos ? cell[i] : "\t\n\r\\"[at];
    if (at != std::string_view::npos) ++i;
  }
  return out;
}

// Walks the bytes record by record.
class Records {
 public:
  Records(const std::string& path, std::string_view bytes) : path_(path), rest_(bytes) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    tabs_ = rest_.substr(0, rest_.find_first_of("\r\n")).find('\t') != std::string_view::npos;
  }

  // False at the end. Empty lines are passed over.
  bool Next(DelimitedTable::Row& row) {
    do {
      if (rest_.empty()) return false;
      row = {.line = line_};
      do row.cells.push_back(tabs_ ? TsvCell() : CsvCell());
      while (!rest_.empty() && Take(tabs_ ? '\t' : ','));
      EndLine();
    } while (row.cells.size() == 1 && row.cells[0].empty());
    return true;
  }

 private:
  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void EndLine() {
    Take('\r');
    if (Take('\n')) ++line_;
  }

  std::string_view Until(const char* stops) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(stops));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string TsvCell() { return UnescapedTsv(Trimmed(Until("\t\r\n"))); }

  std::string CsvCell() {
    while (Take(' ')) continue;
    if (rest_.empty() || rest_.front() != '"') return Trimmed(Until(",\r\n"));
    const int64_t start = line_;
    std::string cell;
    Take('"');
    while (true) {
      const std::string_view part = Until("\"");
      line_ += std::count(part.begin(), part.end(), '\n');
      cell += part;
      if (!Take('"')) {
        throw Error(fmt::format("{}:{}: a quote is never closed", path_, start),
                    "a cell that begins with \" must end with one; a quote inside it is doubled");
      }
      if (!Take('"')) break;
      cell += '"';
    }
    const std::string_view after = Until(",\r\n");
    if (!Trimmed(after).empty()) {
      throw Error(fmt::format("{}:{}: expected a comma or the end of the line after a quoted "
                              "cell, got '{}'",
                              path_, line_, Excerpt(after)),
                  "a quote inside a quoted cell is doubled: \"say \"\"this\"\"\"");
    }
    return cell;
  }

  std::string path_;
  std::string_view rest_;
  int64_t line_ = 1;
  bool tabs_ = false;
};

void CheckColumns(const DelimitedTable& table, int64_t line) {
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].empty()) {
      throw Error(fmt::format("{}:{}: column {} has no name", table.path, line, c + 1),
                  "the first line names the columns");
    }
    if (*table.Find(table.columns[c]) != c) {
      throw Error(fmt::format("{}:{}: two columns are named '{}'", table.path, line,
                              Excerpt(table.columns[c])),
                  "rename or remove one of them");
    }
  }
}

}  // namespace

std::optional<size_t> DelimitedTable::Find(const std::string& column) const {
  const auto at = std::find(columns.begin(), columns.end(), column);
  if (at == columns.end()) return std::nullopt;
  return at - columns.begin();
}

size_t DelimitedTable::Column(const std::string& column) const {
  if (const auto at = Find(column)) return *at;
  throw Error(fmt::format("{}: there is no column '{}'", path, Excerpt(column)),
              NearestHint(column, columns));
}

std::string DelimitedTable::At(const Row& row) const {
  return fmt::format("{}:{}", path, row.line);
}

DelimitedTable ReadDelimited(const std::string& path) {
  const MappedFile file(path);
  DelimitedTable table{.path = path};
  Records records(path, file.bytes());
  DelimitedTable::Row row;
  if (!records.Next(row)) {
    throw Error(path + ": is empty, expected a table whose first line names its columns",
                "CSV or TSV");
  }
  table.columns = row.cells;
  CheckColumns(table, row.line);
  while (records.Next(row)) {
    if (row.cells.size() != table.columns.size()) {
      throw Error(fmt::format("{}: expected {} cells as in the header, got {}", table.At(row),
                              table.columns.size(), row.cells.size()),
                  "a value with a comma in it goes into double quotes");
    }
    table.rows.push_back(row);
  }
  return table;
}

bool IsMissing(const std::string& cell) {
  std::string lower = cell;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower.empty() || lower == "-" || lower == "na" || lower == "null" || lower == "nan";
}

std::optional<double> ParseNumber(const std::string& cell) {
  double value = 0;
  const auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (problem != std::errc() || end != cell.data() + cell.size() || std::isnan(value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace rsr
