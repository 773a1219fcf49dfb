#include "select/choose.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace rsr {
namespace {

class Chooser {
 public:
  Chooser(const ScoredRows& data, const Rules& rules) : data_(data), rules_(rules) {
    if (rules.quotas) of_group_.resize(rules.quotas->groups.size());
    if (rules.signatures) taken_signatures_.emplace(*rules.signatures);
  }

  Choice Run(const std::vector<Candidate>& order) {
    for (const Candidate& candidate : order) {
      if (const char* rule = Against(candidate)) {
        ++choice_.passed_over[rule];
      } else {
        Take(candidate);
      }
    }
    return std::move(choice_);
  }

 private:
  struct Taken {
    int64_t rows = 0, tokens = 0;
  };

  int64_t Tokens(const Candidate& candidate) const {
    return data_.rows[candidate.index].scored_tokens;
  }

  const std::vector<size_t>& Groups(const Candidate& candidate) const {
    static const std::vector<size_t> kNone;
    const bool any = rules_.quotas && !rules_.quotas->of_row.empty();
    return any ? rules_.quotas->of_row[candidate.index] : kNone;
  }

  // The rule that forbids the candidate, or null.
  const char* Against(const Candidate& candidate) {
    if (rules_.unfit && rules_.unfit->contains(candidate.index)) return "unfit";
    if (rules_.per_problem > 0 && of_problem_[candidate.problem] >= rules_.per_problem)
      return "per-problem";
    if (rules_.top > 0 && static_cast<int64_t>(choice_.picks.size()) >= rules_.top) return "top";
    for (const size_t g : Groups(candidate)) {
      const QuotaGroups::Group& limits = rules_.quotas->groups[g];
      const Taken& taken = of_group_[g];
      if (taken.rows >= limits.max_rows || Tokens(candidate) > limits.max_tokens - taken.tokens)
        return "quota";
    }
    if (rules_.budget_tokens > 0 && Tokens(candidate) > rules_.budget_tokens - choice_.tokens)
      return "budget";
    if (taken_signatures_) {
      if (const auto match = taken_signatures_->Find(candidate.index)) {
        choice_.duplicates.push_back({candidate.index, match->index, match->similarity});
        return "duplicate";
      }
    }
    return nullptr;
  }

  void Take(const Candidate& candidate) {
    choice_.picks.push_back(candidate);
    choice_.tokens += Tokens(candidate);
    ++of_problem_[candidate.problem];
    if (taken_signatures_) taken_signatures_->Add(candidate.index);
    for (const size_t g : Groups(candidate)) {
      ++of_group_[g].rows;
      of_group_[g].tokens += Tokens(candidate);
    }
  }

  const ScoredRows& data_;
  const Rules& rules_;
  std::unordered_map<size_t, int64_t> of_problem_;
  std::vector<Taken> of_group_;  // as QuotaGroups::groups
  std::optional<TakenSignatures> taken_signatures_;
  Choice choice_;
};

}  // namespace

Choice Choose(const std::vector<Candidate>& order, const ScoredRows& data, const Rules& rules) {
  return Chooser(data, rules).Run(order);
}

void Drop(Choice& choice, const ScoredRows& data, const std::unordered_set<size_t>& rows) {
  std::erase_if(choice.picks, [&](const Candidate& pick) {
    if (!rows.contains(pick.index)) return false;
    choice.tokens -= data.rows[pick.index].scored_tokens;
    ++choice.passed_over["unfit"];
    return true;
  });
}

void SortByProblem(std::vector<Candidate>& picks) {
  std::stable_sort(picks.begin(), picks.end(),
                   [](const Candidate& a, const Candidate& b) { return a.problem < b.problem; });
}

}  // namespace rsr
