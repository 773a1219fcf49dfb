// Choose training data from the scores.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rsr {

struct SelectOptions {
  std::vector<std::string> runs;
  std::string
      out;  // directory; gets selected.jsonl and manifest.json; must not hold another selection
  std::string metric = "rsr";
  int64_t per_problem = 0;  // this many of each problem; exactly one of per_problem and top is set
  int64_t top = 0;          // this many of all
  bool correct_only =
      false;  // leave out rows labelled wrong; rows without a label are an error then
};

struct SelectSummary {
  int64_t selected = 0, candidates = 0, problems = 0;
  int64_t left_out = 0;  // not candidates: labelled wrong, or no scored token
  std::map<std::string, int64_t> by_teacher;
  std::string data_file, manifest_file;
};

// Ties are broken by input order. The original records are copied byte for byte, one a line. Throws
// rsr::Error, also when an input file has changed since it was scored.
SelectSummary Select(const SelectOptions& options);

}  // namespace rsr
