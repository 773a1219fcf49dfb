#include "select/match_tokens.h"

#include <cstdlib>
#include <random>
#include <utility>

namespace rsr {
namespace {

// Half a per cent is near enough: a quarter of what the controls promise.
constexpr double kNear = 0.005;
// Far beyond what real pools need (some ten for 5,000 rows); small pools are searched through.
constexpr int64_t kTries = 200000;
constexpr size_t kMostPairs = 4000000;

class Matcher {
 public:
  Matcher(std::vector<Bin>& bins, const ScoredRows& data, int64_t tokens, bool keep_count)
      : bins_(bins), data_(data), tokens_(tokens), keep_count_(keep_count), missing_(tokens) {
    for (size_t b = 0; b < bins.size(); ++b) {
      missing_ -= TokensOf(bins[b].drawn, data);
      for (size_t i = 0; i < bins[b].drawn.size() + bins[b].spare.size(); ++i) bin_of_.push_back(b);
    }
  }

  bool Near() const {
    return static_cast<double>(std::abs(missing_)) <= kNear * static_cast<double>(tokens_);
  }

  void AtRandom(uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int64_t i = 0; i < kTries && !Near() && !bin_of_.empty(); ++i) {
      const size_t b = bin_of_[random() % bin_of_.size()];  // larger bins more often
      // One more than there are: no row.
      const size_t out = random() % (bins_[b].drawn.size() + 1);
      const size_t in = random() % (bins_[b].spare.size() + 1);
      if (Allowed(b, out, in) && std::abs(After(b, out, in)) < std::abs(missing_))
        Exchange(b, out, in);
    }
  }

  // The best single exchange, as long as it helps.
  void Search() {
    size_t pairs = 0;
    for (const Bin& bin : bins_) pairs += (bin.drawn.size() + 1) * (bin.spare.size() + 1);
    while (!Near() && pairs <= kMostPairs) {
      int64_t best = std::abs(missing_);
      size_t at[3] = {};
      for (size_t b = 0; b < bins_.size(); ++b) {
        for (size_t out = 0; out <= bins_[b].drawn.size(); ++out) {
          for (size_t in = 0; in <= bins_[b].spare.size(); ++in) {
            if (!Allowed(b, out, in) || std::abs(After(b, out, in)) >= best) continue;
            best = std::abs(After(b, out, in));
            at[0] = b, at[1] = out, at[2] = in;
          }
        }
      }
      if (best == std::abs(missing_)) return;
      Exchange(at[0], at[1], at[2]);
    }
  }

 private:
  bool Allowed(size_t b, size_t out, size_t in) const {
    const bool both = out < bins_[b].drawn.size() && in < bins_[b].spare.size();
    return both || !keep_count_;
  }

  int64_t Length(const std::vector<Candidate>& rows, size_t i) const {
    return i < rows.size() ? data_.rows[rows[i].index].scored_tokens : 0;
  }

  int64_t After(size_t b, size_t out, size_t in) const {
    return missing_ + Length(bins_[b].drawn, out) - Length(bins_[b].spare, in);
  }

  void Exchange(size_t b, size_t out, size_t in) {
    std::vector<Candidate>&drawn = bins_[b].drawn, &spare = bins_[b].spare;
    missing_ = After(b, out, in);
    if (out < drawn.size() && in < spare.size()) {
      std::swap(drawn[out], spare[in]);
    } else if (in < spare.size()) {
      drawn.push_back(spare[in]);
      spare.erase(spare.begin() + static_cast<ptrdiff_t>(in));
    } else if (out < drawn.size()) {
      spare.push_back(drawn[out]);
      drawn.erase(drawn.begin() + static_cast<ptrdiff_t>(out));
    }
  }

  std::vector<Bin>& bins_;
  const ScoredRows& data_;
  const int64_t tokens_;
  const bool keep_count_;
  int64_t missing_;             // tokens; negative: too many are drawn
  std::vector<size_t> bin_of_;  // of each row
};

}  // namespace

int64_t TokensOf(const std::vector<Candidate>& rows, const ScoredRows& data) {
  int64_t tokens = 0;
  for (const Candidate& row : rows) tokens += data.rows[row.index].scored_tokens;
  return tokens;
}

std::vector<Candidate> MatchTokens(std::vector<Bin> bins, const ScoredRows& data, int64_t tokens,
                                   bool keep_count, uint64_t seed) {
  Matcher matcher(bins, data, tokens, keep_count);
  matcher.AtRandom(seed);
  matcher.Search();
  std::vector<Candidate> drawn;
  for (const Bin& bin : bins) drawn.insert(drawn.end(), bin.drawn.begin(), bin.drawn.end());
  return drawn;
}

}  // namespace rsr
