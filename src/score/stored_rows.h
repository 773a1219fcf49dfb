// The conversations that a run was scored from: read again out of its input files or, where no file
// holds them as bytes, out of the run.
#pragma once

#include <map>
#include <string>

#include "data/row_parser.h"
#include "data/trajectory.h"
#include "store/input_files.h"
#include "store/run.h"

namespace rsr {

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
