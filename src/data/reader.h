// Streams trajectories out of JSON Lines files and JSON arrays, in file order.
//
// Threading: one reader, one thread. Ownership: yields owning Trajectory values; a file is mapped
// while it is read.
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
  // Throws rsr::Error for a file that is missing, a directory, unreadable, compressed or without
  // rows.
  explicit TrajectoryReader(std::vector<std::string> files);
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
  std::string path;  // as given
  std::string hash;  // XXH3-128 of the bytes, 32 hex digits
  int64_t bytes = 0;
  int64_t rows = 0;  // rejected ones counted
};

// Reads every file once for its hash and row count; no row is parsed. Throws rsr::Error as
// TrajectoryReader does.
std::vector<InputFile> ScanInputs(const std::vector<std::string>& files);

}  // namespace rsr
