// Which candidates are taken: pure, on loaded rows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "select/candidates.h"
#include "select/near_duplicates.h"
#include "select/quotas.h"

namespace rsr {

struct Rules {
  int64_t per_problem = 0, top = 0, budget_tokens = 0;  // 0: no limit
  const QuotaGroups* quotas = nullptr;
  const Signatures* signatures = nullptr;             // no near-duplicates by these
  const std::unordered_set<size_t>* unfit = nullptr;  // rows that cannot be written
};

struct Choice {
  std::vector<Candidate> picks;  // in the order in which they were taken
  int64_t tokens = 0;            // scored
  // Candidates that were not taken, by the rule that stood against it: `unfit`, `per-problem`,
  // `top`, `quota`, `budget`, `duplicate`; the first of them where several did.
  std::map<std::string, int64_t> passed_over;
  struct Duplicate {
    size_t index, of;  // into ScoredRows::rows; `of` was taken
    double similarity;
  };
  std::vector<Duplicate> duplicates;  // those that nothing else stood against
};

// Goes through `order` once and takes every row that no rule stands against. So rows in the order
// of FindCandidates give the best, and a full quota or a budget that a long row would break makes
// way for the next best.
Choice Choose(const std::vector<Candidate>& order, const ScoredRows& data, const Rules& rules);

// Leaves the place of these rows empty.
void Drop(Choice& choice, const ScoredRows& data, const std::unordered_set<size_t>& rows);

// Problems by first appearance, within each as they were taken.
void SortByProblem(std::vector<Candidate>& picks);

}  // namespace rsr
