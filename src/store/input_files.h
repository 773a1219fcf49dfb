// The files a run was scored from: mapped when first needed and then known to be what was scored.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/file.h"
#include "store/run.h"

namespace rsr {

// Of one run. Threading: any.
class InputFiles {
 public:
  // `run`: its path, for messages. `info` must outlive it.
  InputFiles(std::string run, const RunInfo& info) : run_(std::move(run)), info_(info) {}

  // `length` bytes at `offset` of input file number `file`: the original record of the row called
  // `id`. Throws rsr::Error if the file is missing or not the one that was scored.
  std::string_view Record(const std::string& id, int32_t file, int64_t offset, int64_t length);

 private:
  const MappedFile& Open(int32_t file);

  const std::string run_;
  const RunInfo& info_;
  std::mutex mutex_;  // guards files_
  std::map<int32_t, MappedFile> files_;
};

}  // namespace rsr
