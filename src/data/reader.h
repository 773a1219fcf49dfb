// Streams trajectories out of JSON Lines, JSON arrays and Parquet, plain or compressed, in file
// order.
//
// Threading: one reader, one thread. Ownership: yields owning Trajectory values; a file is mapped
// while it is read. Memory: a row and a few megabytes, whatever the size of the input; 32 bytes for
// each id that a row gives.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "data/trajectory.h"

namespace rsr {

using ReadItem = std::variant<Trajectory, Rejection>;

class TrajectoryReader {
 public:
  // `files`: as ExpandInputs gives them; "-" is standard input, read as it comes, or the file
  // `stdin_file` that holds what came. Throws rsr::Error as OpenRows does, for standard input when
  // it is its turn.
  explicit TrajectoryReader(const std::vector<std::string>& files, std::string stdin_file = "");
  TrajectoryReader(const TrajectoryReader&) = delete;
  ~TrajectoryReader();

  // False at the end of the last file. A row that cannot be read comes as a Rejection; reading goes
  // on behind it. Reasons: invalid-json, invalid-utf8, not-an-object, no-messages, unknown-role,
  // no-assistant, bad-field, duplicate-id (a later row with an id already seen, in any file).
  bool Next(ReadItem* item);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// An input file as recorded in run.json.
struct InputFile {
  std::string path;       // as given
  std::string hash;       // XXH3-128 of the file's bytes, 32 hex digits
  int64_t bytes = 0;      // of the file
  int64_t rows = 0;       // rejected ones counted
  int64_t row_bytes = 0;  // of all rows' records together: the sum of RecordSpan::length
};

// Reads every file once for its hash and rows; no row is parsed. Throws rsr::Error as
// TrajectoryReader does. `stdin_file`: what "-" stands for.
std::vector<InputFile> ScanInputs(const std::vector<std::string>& files,
                                  const std::string& stdin_file = "");

}  // namespace rsr
