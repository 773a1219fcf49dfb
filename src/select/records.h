// The chosen rows' original records, read out of the input files or, where no file holds them as
// bytes, out of the runs.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/scored_rows.h"
#include "select/candidates.h"
#include "store/input_files.h"

namespace rsr {

// The input files of all the runs.
class RunInputs {
 public:
  explicit RunInputs(const ScoredRows& data);  // `data` must outlive it

  // The record's bytes, as InputFiles::Record.
  std::string_view Record(const ScoredRow& row);

 private:
  std::deque<InputFiles> files_;  // in the order of ScoredRows::runs
};

class Records {
 public:
  // What is passed must outlive it. `scratch`: a path for a file that is gone again when this is.
  // Throws rsr::Error.
  Records(const ScoredRows& data, RunInputs& files, const std::vector<Candidate>& picks,
          const std::string& scratch);
  ~Records();

  // Of one of the picks; the bytes as the input has them: of a JSON array file they may span lines.
  std::string_view Of(const ScoredRow& row);

 private:
  class Stored;
  RunInputs& files_;
  std::unique_ptr<Stored> stored_;
};

}  // namespace rsr
