#include "store/input_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/hash.h"
#include "rsr/error.h"

namespace rsr {

std::string_view InputFiles::Record(const std::string& id, int32_t file, int64_t offset,
                                    int64_t length) {
  const std::lock_guard lock(mutex_);
  const MappedFile& input = Open(file);
  const auto size = static_cast<int64_t>(input.bytes().size());
  if (offset < 0 || length < 0 || offset > size || length > size - offset) {
    throw Error(
        fmt::format("run {}: row '{}' is said to be {} bytes at {} of {}, which has {} bytes", run_,
                    id, length, offset, input.path(), size),
        "the run is damaged: score again");
  }
  return input.bytes().substr(offset, length);
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
    throw Error(
        fmt::format("{}: input file of run {} is missing; expected one with XXH3-128 {}, got none",
                    input.path, run_, input.hash),
        "relative paths count from the current directory: run this where `rsr score` was "
        "run, or put the file back");
  }
  // Not of the mapped bytes: they would all count as memory used.
  if (const std::string hash = HashFile(input.path); hash != input.hash) {
    throw Error(
        fmt::format("{}: input file of run {} has changed since it was scored: expected "
                    "XXH3-128 {}, got {}",
                    input.path, run_, input.hash, hash),
        "put the scored file back, or score the new one into a new run (relative paths count from "
        "the current directory)");
  }
  return files_.emplace(number, MappedFile(input.path)).first->second;
}

}  // namespace rsr
