// The chosen rows' original records, read out of the input files or, where no file holds them as
// bytes, out of the runs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "metrics/scored_rows.h"
#include "select/candidates.h"

namespace rsr {

// The input files of the runs, mapped when first needed and then known to be what was scored.
class InputFiles {
 public:
  explicit InputFiles(const ScoredRows& data) : data_(data) {}  // `data` must outlive it

  // The record's bytes. Throws rsr::Error if the file is missing or not the one that was scored.
  std::string_view Record(const ScoredRow& row);

 private:
  const MappedFile& Open(const ScoredRow& row, const RunInfo::Input& input);

  const ScoredRows& data_;
  std::map<std::pair<size_t, int32_t>, std::unique_ptr<MappedFile>> files_;  // of run and file
};

class Records {
 public:
  // What is passed must outlive it. `scratch`: a path for a file that is gone again when this is.
  // Throws rsr::Error.
  Records(const ScoredRows& data, InputFiles& files, const std::vector<Candidate>& picks,
          const std::string& scratch);
  ~Records();

  // Of one of the picks; the bytes as the input has them: of a JSON array file they may span lines.
  std::string_view Of(const ScoredRow& row);

 private:
  class Stored;
  InputFiles& files_;
  std::unique_ptr<Stored> stored_;
};

}  // namespace rsr
