#include "data/columns.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/filter.h"
#include "base/nearest.h"
#include "data/json_fields.h"
#include "data/row_source.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// A column that only later rows have is rare; a long look costs seconds.
constexpr int kRowsPerFile = 200;

std::vector<std::pair<const char*, std::string>> ColumnsOf(const InputOptions& options) {
  std::vector<std::pair<const char*, std::string>> columns;
  for (const auto& [field, column] : options.map) {
    if (field != "role" && field != "content") columns.push_back({"--map", column});
  }
  if (!options.teacher_from.empty() && options.teacher_from != kFromFilename) {
    columns.push_back({"--teacher-from", options.teacher_from});
  }
  for (const auto& [name, column] : options.keep) columns.push_back({"--keep", column});
  if (!options.where.empty()) {
    static const std::set<std::string> kFields = {"id", "problem_id", "teacher", "source",
                                                  "correct"};
    const Filter filter(options.where);
    for (const std::string& name : filter.names()) {
      if (!kFields.contains(name)) columns.push_back({"--where", name});
    }
  }
  return columns;
}

}  // namespace

void CheckColumns(const InputOptions& options, const std::string& stdin_file) {
  auto missing = ColumnsOf(options);
  std::set<std::string> found;
  simdjson::dom::parser parser;
  const FieldMap unmapped;
  for (const std::string& path : options.files) {
    if (missing.empty()) return;
    if (path == kStandardInput && stdin_file.empty()) return;  // it may have them all
    const auto rows = OpenRows(path, stdin_file);
    RawRow row;
    for (int i = 0; i < kRowsPerFile && !missing.empty() && rows->Next(&row); ++i) {
      simdjson::dom::object object;
      if (parser.parse(row.bytes.data(), row.bytes.size()).get(object)) continue;
      for (const auto field : object) {
        if (found.size() < 1000) found.insert(std::string(field.key));
      }
      const Fields fields(object, unmapped);
      std::erase_if(missing, [&](const auto& wanted) {
        // A null is there, too.
        return object[wanted.second].error() == simdjson::SUCCESS ||
               fields.FindColumn(wanted.second).has_value();
      });
    }
  }
  if (missing.empty() || found.empty()) return;  // rows that cannot be read are told one by one
  const auto& [option, column] = missing.front();
  throw Error(fmt::format("{} {}: no such column in the first {} rows of the input", option, column,
                          kRowsPerFile),
              NearestHint(column, std::vector<std::string>(found.begin(), found.end())));
}

}  // namespace rsr
