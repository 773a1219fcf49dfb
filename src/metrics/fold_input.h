// What a metric folds: one stored trajectory, and what several metrics read off it, found when the
// first of them asks.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "metrics/repetition.h"
#include "metrics/steps.h"
#include "metrics/text_counts.h"
#include "metrics/vocab_traits.h"
#include "store/run.h"

namespace rsr {

// The sum of f(k) over tokens k < n in double, in an order of its own that lets processors add
// several at once: the same on every machine.
template <class F>
double SumTokens(size_t n, F f) {
  constexpr size_t kLanes = 8;
  double lanes[kLanes] = {};
  size_t k = 0;
  for (; k + kLanes <= n; k += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += f(k + lane);
  }
  for (size_t lane = 0; k < n; ++k, ++lane) lanes[lane] += f(k);
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

class FoldInput {
 public:
  // All must outlive it. `passes`: of the passes that the metrics read (Metric::pass); null where
  // none was loaded.
  FoldInput(const RunRow& stored, const VocabTraits& vocab, const PassColumns* passes = nullptr)
      : row(stored), passes(passes), vocab(vocab) {}

  const RunRow& row;
  const PassColumns* const passes;
  const VocabTraits& vocab;

  // The columns each needs; a metric that asks names them in Metric::columns.
  static constexpr uint32_t kTextColumns = RunReader::kTokenId | RunReader::kPosition;
  static constexpr uint32_t kStepColumns = kTextColumns | RunReader::kSurprisal;

  const TextCounts& text() const {
    return text_ ? *text_ : text_.emplace(CountText(row.tokens, vocab));
  }
  const StepSums& steps() const {
    return steps_ ? *steps_ : steps_.emplace(SumSteps(row.tokens, vocab));
  }
  // Sum of 1 - 2 p(t) + sum p^2 over the tokens; columns surprisal and sum_p2.
  double brier() const { return brier_ ? *brier_ : brier_.emplace(SumBrier()); }
  // Sum of s c; columns surprisal and rank.
  double rank_times_surprisal() const {
    return product_ ? *product_ : product_.emplace(SumProduct());
  }
  const Repetition& repetition() const {
    return repetition_ ? *repetition_ : repetition_.emplace(FindRepetition(row.tokens));
  }

 private:
  double SumBrier() const {
    const float* s = row.tokens.surprisal.data();
    const float* sum_p2 = row.tokens.sum_p2.data();
    return SumTokens(row.tokens.size(), [&](size_t k) {
      return 1 - 2 * std::exp(-static_cast<double>(s[k])) + sum_p2[k];
    });
  }
  double SumProduct() const {
    constexpr int32_t kClip = 100;  // as RunRow::sum_rank_clip
    const float* s = row.tokens.surprisal.data();
    const int32_t* r = row.tokens.rank.data();
    return SumTokens(row.tokens.size(),
                     [&](size_t k) { return static_cast<double>(s[k]) * std::min(r[k], kClip); });
  }

  mutable std::optional<double> brier_, product_;
  mutable std::optional<TextCounts> text_;
  mutable std::optional<StepSums> steps_;
  mutable std::optional<Repetition> repetition_;
};

}  // namespace rsr
