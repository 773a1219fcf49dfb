// Which rows may be taken, and how good each is.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/row_columns.h"

namespace rsr {

struct Candidate {
  size_t index = 0;        // into ScoredRows::rows
  double value = 0;        // of the ranking metric, never NaN
  size_t problem = 0;      // problems are numbered as they first appear among the candidates
  int64_t rank = 0;        // 1: the best of its problem's candidates
  int64_t candidates = 0;  // of its problem
  std::optional<double> weight = {};  // to train with
};

struct Candidates {
  std::vector<Candidate> rows;  // best first, ties in input order
  int64_t problems = 0;
  int64_t tokens = 0;  // scored
  // Rows that are none, each counted for the first reason that holds.
  int64_t filtered_out = 0, labelled_wrong = 0, without_value = 0;
};

// By the first metric in `data`. Throws rsr::Error if correct_only meets a row without label, or if
// nothing is left; then it says how many rows each clause of the filter lets through.
Candidates FindCandidates(const ScoredRows& data, const SelectOptions& options);

}  // namespace rsr
