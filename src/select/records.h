// The chosen rows' original records, read out of the input files or, where no file holds them as
// bytes, out of the runs.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "metrics/scored_rows.h"
#include "select/choose.h"

namespace rsr {

class Records {
 public:
  // `data` must outlive it. `scratch`: a path for a file that is gone again when this is. Throws
  // rsr::Error.
  Records(const ScoredRows& data, const Choice& choice, const std::string& scratch);
  ~Records();

  // The bytes as the input has them; of a JSON array file they may span lines. Throws rsr::Error if
  // the input file is missing or not the one that was scored.
  std::string_view Of(const ScoredRow& row);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rsr
