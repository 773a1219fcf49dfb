#include "select/weights.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace rsr {
namespace {

constexpr double kBelowTheLast = 1e-8;  // both as published
constexpr double kAllEqual = 1e-12;

void SetWeights(const std::vector<Candidate*>& active, double sign, const double* below) {
  std::vector<Candidate*> finite;
  double sum = 0, last = INFINITY;
  for (Candidate* row : active) {
    row->weight = 0;
    if (!std::isfinite(row->value)) continue;
    finite.push_back(row);
    sum += sign * row->value;
    last = std::min(last, sign * row->value);
  }
  const std::vector<Candidate*>& rows = finite.empty() ? active : finite;
  const auto n = static_cast<double>(rows.size());
  const bool has_below = below != nullptr && std::isfinite(*below);
  const double threshold = has_below ? sign * *below : last - kBelowTheLast;
  const double spread = sum / n - threshold;
  for (Candidate* row : rows) {
    const bool uniform = finite.empty() || spread <= kAllEqual;
    row->weight = uniform ? 1 / n : (sign * row->value - threshold) / (spread * n);
  }
}

}  // namespace

void SetChi2Weights(std::vector<Candidate>& picks, const Candidates& candidates, Better better) {
  std::map<size_t, std::vector<Candidate*>> problems;
  std::map<size_t, int64_t> last_rank;
  for (Candidate& pick : picks) {
    problems[pick.problem].push_back(&pick);
    last_rank[pick.problem] = std::max(last_rank[pick.problem], pick.rank);
  }
  std::map<size_t, double> below;
  for (const Candidate& row : candidates.rows) {
    const auto last = last_rank.find(row.problem);
    if (last != last_rank.end() && row.rank == last->second + 1) below[row.problem] = row.value;
  }
  for (const auto& [problem, active] : problems) {
    const auto at = below.find(problem);
    SetWeights(active, better == Better::kLow ? -1 : 1, at == below.end() ? nullptr : &at->second);
  }
}

}  // namespace rsr
