#include "select/controls.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <utility>

#include "base/hash.h"
#include "select/match_tokens.h"

namespace rsr {
namespace {

// By the hashes of the ids.
std::vector<Candidate> Shuffled(std::vector<Candidate> rows, const ScoredRows& data,
                                uint64_t seed) {
  std::vector<std::pair<uint64_t, Candidate>> keyed;
  for (const Candidate& row : rows) keyed.push_back({Hash64(data.rows[row.index].id, seed), row});
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second.index) < std::pair(b.first, b.second.index);
  });
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = keyed[i].second;
  return rows;
}

std::vector<Candidate> WorstFirst(std::vector<Candidate> rows, Better better) {
  std::sort(rows.begin(), rows.end(), [&](const Candidate& a, const Candidate& b) {
    if (a.value != b.value) return better == Better::kLow ? a.value > b.value : a.value < b.value;
    return a.index < b.index;
  });
  return rows;
}

constexpr size_t kNoBin = static_cast<size_t>(-1);

// Sorts rows into bins, in their order, and draws those that are wanted; first only per_problem
// rows of each problem, for a control with several rows of one problem and none of another would
// differ in more than the choice.
std::vector<Bin> Fill(const std::vector<Candidate>& order, int64_t per_problem, size_t bins,
                      const std::function<size_t(const Candidate&)>& bin_of,
                      const std::function<bool(const Candidate&)>& wanted) {
  std::vector<Bin> filled(bins);
  std::map<size_t, int64_t> of_problem;
  std::vector<Candidate> later;
  for (const Candidate& row : order) {
    if (bin_of(row) == kNoBin) continue;
    const bool early = per_problem == 0 || of_problem[row.problem] < per_problem;
    if (early && wanted(row)) {
      filled[bin_of(row)].drawn.push_back(row);
      ++of_problem[row.problem];
    } else {
      later.push_back(row);
    }
  }
  for (const Candidate& row : later) {
    Bin& bin = filled[bin_of(row)];
    (wanted(row) ? bin.drawn : bin.spare).push_back(row);
  }
  return filled;
}

// Rows in the given order until the tokens are reached.
std::vector<Candidate> TokenMatched(const std::vector<Candidate>& order, int64_t per_problem,
                                    const ScoredRows& data, int64_t tokens, uint64_t seed) {
  int64_t left = tokens;
  bool full = false;
  const auto wanted = [&](const Candidate& row) {
    full = full || data.rows[row.index].scored_tokens > left;
    if (!full) left -= data.rows[row.index].scored_tokens;
    return !full;
  };
  const auto bin_of = [](const Candidate&) { return size_t{0}; };
  return MatchTokens(Fill(order, per_problem, 1, bin_of, wanted), data, tokens,
                     /*keep_count=*/false, seed);
}

// As many rows in each band of lengths as the selection has: bands of equal shares of the
// selection, at least five rows each.
std::vector<Candidate> LengthMatched(const std::vector<Candidate>& order, int64_t per_problem,
                                     const std::vector<Candidate>& selection,
                                     const ScoredRows& data, uint64_t seed) {
  const auto length = [&](const Candidate& row) { return data.rows[row.index].scored_tokens; };
  std::vector<int32_t> lengths;
  for (const Candidate& row : selection) lengths.push_back(length(row));
  std::sort(lengths.begin(), lengths.end());
  const size_t bands = std::clamp<size_t>(lengths.size() / 5, 1, 20);
  std::vector<int32_t> ends;  // the longest of each band
  for (size_t b = 1; b <= bands; ++b) ends.push_back(lengths[lengths.size() * b / bands - 1]);
  const auto band = [&](const Candidate& row) {
    if (length(row) < lengths.front() || length(row) > lengths.back()) return kNoBin;
    return static_cast<size_t>(std::lower_bound(ends.begin(), ends.end(), length(row)) -
                               ends.begin());
  };
  std::vector<int64_t> missing(bands);
  for (const Candidate& row : selection) ++missing[band(row)];
  const auto wanted = [&](const Candidate& row) { return missing[band(row)]-- > 0; };
  return MatchTokens(Fill(order, per_problem, bands, band, wanted), data, TokensOf(selection, data),
                     /*keep_count=*/true, seed);
}

}  // namespace

std::string ControlName(Control control) {
  switch (control) {
    case Control::kRandom:
      return "random";
    case Control::kTokenMatched:
      return "token-matched";
    case Control::kLengthMatched:
      return "length-matched";
    case Control::kWorst:
      return "worst";
  }
  return "";
}

std::vector<Candidate> DrawControl(Control control, const Candidates& candidates,
                                   const std::vector<Candidate>& selection, const ScoredRows& data,
                                   const Rules& rules, uint64_t seed) {
  if (control == Control::kWorst)
    return Choose(WorstFirst(candidates.rows, data.metrics.front()->better), data, rules).picks;
  std::vector<Candidate> order = Shuffled(candidates.rows, data, seed);
  if (control == Control::kRandom) return Choose(order, data, rules).picks;
  std::erase_if(
      order, [&](const Candidate& row) { return rules.unfit && rules.unfit->contains(row.index); });
  const int64_t tokens = TokensOf(selection, data);
  std::vector<Candidate> drawn =
      control == Control::kTokenMatched
          ? TokenMatched(order, rules.per_problem, data, tokens, seed)
          : LengthMatched(order, rules.per_problem, selection, data, seed);
  const auto off = static_cast<double>(std::abs(TokensOf(drawn, data) - tokens));
  // In a pool of a few rows the selection itself may be all that fits.
  return off <= kMatchTolerance * static_cast<double>(tokens) ? drawn : selection;
}

}  // namespace rsr
