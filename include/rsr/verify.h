// Are the final answers right? Fills the label `correct` of a run from a column of reference
// answers; no student needed. How answers are found and compared: docs/verify.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rsr/table.h"

namespace rsr {

struct VerifyOptions {
  std::string run;
  std::string reference_column;  // of the input rows, which are read again: it need not be kept
  // A Python that has the package math-verify; empty: exact match, which knows less.
  std::string python;
  double timeout_s = 10;  // for one answer; then it is undecided and the checker is started anew
};

struct VerifyCounts {
  int64_t correct = 0, wrong = 0;
  int64_t undecided = 0;     // timeout, crash, or the checker's error: asked again by the next call
  int64_t no_reference = 0;  // the row has none
};

struct VerifySummary {
  std::string method;  // "math-verify 0.9.0" or "exact match"
  std::map<std::string, VerifyCounts> by_teacher;
  int64_t cached = 0;                           // of those, decided by an earlier call
  std::map<std::string, int64_t> undecided_by;  // why, counted
  std::vector<std::string> warnings;            // of a column that is hardly ever right
};

// Writes RUN/verified.jsonl, which every reader of the run takes its labels from, and nothing else.
// Interrupted at any moment, the next call goes on where it ended; with another method or column it
// begins anew, once there is a first answer. `progress` is called now and then with the rows done.
// Throws rsr::Error: no such column, an input file missing or changed, the Python or its package
// missing, a run being written.
VerifySummary Verify(const VerifyOptions& options,
                     const std::function<void(int64_t done, int64_t of)>& progress = {});

Table VerifyTable(const VerifySummary& summary);  // a row a teacher

}  // namespace rsr
