// Which rows are taken: pure, on loaded rows.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/select.h"

namespace rsr {

struct Choice {
  struct Pick {
    size_t index = 0;        // into ScoredRows::rows
    int64_t rank = 0;        // 1: best among the candidates of its problem
    int64_t candidates = 0;  // of its problem
  };
  // Per problem: problems by first appearance, best first within each. Top: best first.
  std::vector<Pick> picks;
  int64_t candidates = 0, problems = 0;           // problems that have a candidate
  int64_t labelled_wrong = 0, without_value = 0;  // rows that are no candidates
};

// Ranks by the only metric in `data`, ties in input order. Throws rsr::Error if correct_only meets
// a row without label.
Choice Choose(const ScoredRows& data, const SelectOptions& options);

}  // namespace rsr
