// Rows that the format cannot say (docs/exports.md), found as they are chosen: to look at all
// candidates would cost reading every record.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/candidates.h"
#include "select/records.h"
#include "store/run.h"

namespace rsr {

class Fitness {
 public:
  // `data` and `files` must outlive it. `scratch`: a path for a file that is gone again after each
  // Check.
  Fitness(const ScoredRows& data, ExportFormat format, RunInputs& files, const std::string& scratch)
      : data_(data), format_(format), files_(files), scratch_(scratch) {}

  // Looks at those that it has not seen yet; whether all of them fit. Throws rsr::Error as Records.
  bool Check(const std::vector<Candidate>& picks);

  const std::unordered_set<size_t>& unfit() const { return unfit_; }
  const std::vector<RejectedRow>& rejected() const { return rejected_; }  // as they were found

 private:
  const ScoredRows& data_;
  const ExportFormat format_;
  RunInputs& files_;
  const std::string scratch_;
  std::unordered_set<size_t> seen_, unfit_;
  std::vector<RejectedRow> rejected_;
};

}  // namespace rsr
