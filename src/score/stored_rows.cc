#include "score/stored_rows.h"

#include <fmt/format.h>

#include "rsr/error.h"

namespace rsr {
RowParser& StoredRows::ParserOf(int32_t file) {
  const std::string dialect = file >= 0 && static_cast<size_t>(file) < info_.inputs.size()
                                  ? info_.inputs[file].dialect
                                  : "";
  const auto found = parsers_.find(dialect);
  if (found != parsers_.end()) return found->second;
  return parsers_.try_emplace(dialect, RowFormat::OfRun(dialect, info_.map)).first->second;
}

Trajectory StoredRows::Read(const RunRow& row) {
  Trajectory trajectory;
  const std::string_view bytes =
      row.offset >= 0 ? files_->Record(row.id, row.file, row.offset, row.length) : row.record;
  if (const auto bad = ParserOf(row.file).Parse(bytes, &trajectory, row.line)) {
    throw Error(fmt::format("row '{}' cannot be read again: {}", row.id, bad->text),
                "the run is damaged: score again");
  }
  trajectory.row = row.row;
  trajectory.id = row.id;
  return trajectory;
}

}  // namespace rsr
