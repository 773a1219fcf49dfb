// The conversations that a run was scored from: read again out of its input files or, where no file
// holds them as bytes, out of the run.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/file.h"
#include "data/row_parser.h"
#include "data/trajectory.h"
#include "store/run.h"

namespace rsr {

// Threading: any.
class InputFiles {
 public:
  InputFiles(std::string run, const RunInfo& info) : run_(std::move(run)), info_(info) {}

  // The record of a row with an offset. Throws rsr::Error if the file is missing or not the one
  // that was scored.
  std::string_view Record(const RunRow& row);

 private:
  const MappedFile& Open(int32_t file);

  const std::string run_;
  const RunInfo info_;
  std::mutex mutex_;  // guards files_
  std::map<int32_t, MappedFile> files_;
};

// Threading: one thread.
class StoredRows {
 public:
  // `files` outlives it.
  StoredRows(const RunInfo& info, InputFiles* files) : info_(info), files_(files) {}

  // `row`: with RunReader::kRecord. What the row's messages and tools are read from is checked to
  // be what was scored; id and the like are the row's own. Throws rsr::Error.
  Trajectory Read(const RunRow& row);

 private:
  RowParser& ParserOf(int32_t file);

  const RunInfo info_;
  InputFiles* const files_;
  std::map<std::string, RowParser> parsers_;  // by dialect
};

}  // namespace rsr
