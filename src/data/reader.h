// Streams trajectories out of JSON Lines, JSON arrays and Parquet, plain or compressed, in file
// order.
//
// Threading: one reader, one thread. Ownership: yields owning Trajectory values; a file is mapped
// while it is read. Memory: a row and a few megabytes, whatever the size of the input; 32 bytes for
// each id that a row gives, and as many for each row with `sample`.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "data/trajectory.h"
#include "rsr/score.h"

namespace rsr {

using ReadItem = std::variant<Trajectory, Rejection>;

// Rows that an option left out, of one file; they are neither trajectories nor rejections. Those of
// another shard count as that, whatever else would leave them out.
struct LeftOut {
  int64_t where = 0, sample = 0, shard = 0;
  int64_t bytes = 0;  // of their records

  int64_t rows() const { return where + sample + shard; }
  std::map<std::string, int64_t> by_option() const;  // those that left some out
};

class TrajectoryReader {
 public:
  // `options.files`: as ExpandInputs gives them; "-" is standard input, read as it comes, or the
  // file `stdin_file` that holds what came. Throws rsr::Error as OpenRows does (for standard input
  // when it is its turn), and for options that cannot be understood. With `sample` the input is
  // read twice, the first time here.
  explicit TrajectoryReader(const InputOptions& options, std::string stdin_file = "");
  explicit TrajectoryReader(const std::vector<std::string>& files, std::string stdin_file = "");
  TrajectoryReader(const TrajectoryReader&) = delete;
  ~TrajectoryReader();

  // False at the end of the last file. A row that cannot be read comes as a Rejection; reading goes
  // on behind it. Reasons: invalid-json, invalid-utf8, not-an-object, no-messages, unknown-role,
  // no-assistant, bad-field, mixed-dialects, wrong-dialect, row-too-long, damaged-file (the rest of
  // a file that cannot be read), duplicate-id (a later row with an id already seen, in any file).
  // Throws rsr::Error if none of the first 1,000 rows of a file can be read.
  bool Next(ReadItem* item);

  // Of the rows read so far.
  const LeftOut& left_out(size_t file) const;
  const LeftOut& left_out() const;  // of all files

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
  int64_t longest_row_bytes = 0;
  std::string dialect;  // as recognised or forced; empty where no row shows one
};

// Reads every file once for its hash, rows and dialect. Throws rsr::Error as TrajectoryReader does.
// `stdin_file`: what "-" stands for.
std::vector<InputFile> ScanInputs(const InputOptions& options, const std::string& stdin_file = "");

}  // namespace rsr
