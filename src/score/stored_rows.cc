#include "score/stored_rows.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/hash.h"
#include "data/json_fields.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// "a=b,c=d", as run.json has it.
std::vector<std::pair<std::string, std::string>> ParseMap(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> map;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    const size_t equals = std::min(one.find('='), one.size());
    map.emplace_back(one.substr(0, equals), one.substr(std::min(one.size(), equals + 1)));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
  }
  return map;
}

}  // namespace

std::string_view InputFiles::Record(const RunRow& row) {
  const std::lock_guard lock(mutex_);
  const MappedFile& file = Open(row.file);
  const auto size = static_cast<int64_t>(file.bytes().size());
  if (row.offset < 0 || row.length < 0 || row.offset > size || row.length > size - row.offset) {
    throw Error(fmt::format("run {}: row '{}' is said to be {} bytes at {} of {}, which has {}",
                            run_, row.id, row.length, row.offset, file.path(), size),
                "the run is damaged: score again");
  }
  return file.bytes().substr(row.offset, row.length);
}

const MappedFile& InputFiles::Open(int32_t number) {
  if (const auto found = files_.find(number); found != files_.end()) return found->second;
  if (number < 0 || static_cast<size_t>(number) >= info_.inputs.size()) {
    throw Error(
        fmt::format("run {}: input file number {} of {}", run_, number, info_.inputs.size()),
        "the run is damaged: score again");
  }
  const RunInfo::Input& input = info_.inputs[number];
  std::error_code unknown;
  if (!std::filesystem::exists(input.path, unknown)) {
    throw Error(fmt::format("{}: input file of run {} is missing", input.path, run_),
                "relative paths count from the current directory: run this where `rsr score` was "
                "run, or put the file back");
  }
  MappedFile file(input.path);
  if (const std::string hash = HashBytes(file.bytes()); hash != input.hash) {
    throw Error(fmt::format("{}: input file of run {} has changed since it was scored: expected "
                            "XXH3-128 {}, got {}",
                            input.path, run_, input.hash, hash),
                "put the scored file back, or score the new one into a new run");
  }
  return files_.emplace(number, std::move(file)).first->second;
}

RowParser& StoredRows::ParserOf(int32_t file) {
  const std::string dialect = file >= 0 && static_cast<size_t>(file) < info_.inputs.size()
                                  ? info_.inputs[file].dialect
                                  : "";
  const auto found = parsers_.find(dialect);
  if (found != parsers_.end()) return found->second;
  InputOptions options;
  if (!dialect.empty()) options.dialect = dialect;
  options.map = ParseMap(info_.map);
  return parsers_.try_emplace(dialect, RowFormat(options)).first->second;
}

Trajectory StoredRows::Read(const RunRow& row) {
  Trajectory trajectory;
  const std::string_view bytes = row.offset >= 0 ? files_->Record(row) : row.record;
  if (const auto bad = ParserOf(row.file).Parse(bytes, &trajectory, row.line)) {
    throw Error(fmt::format("row '{}' cannot be read again: {}", row.id, bad->text),
                "the run is damaged: score again");
  }
  trajectory.row = row.row;
  trajectory.id = row.id;
  return trajectory;
}

}  // namespace rsr
