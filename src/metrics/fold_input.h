// What a metric folds: one stored trajectory, and what several metrics read off it, found when the
// first of them asks.
#pragma once

#include <memory>
#include <optional>

#include "metrics/repetition.h"
#include "metrics/steps.h"
#include "metrics/text_counts.h"
#include "metrics/token_sums.h"
#include "metrics/vocab_traits.h"
#include "store/run.h"

namespace rsr {

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

  // Of each token.
  const TokenTraits* traits() const {
    if (traits_ == nullptr) traits_ = vocab.of(row.tokens.token_id);
    return traits_.get();
  }
  const TextCounts& text() const {
    return text_ ? *text_ : text_.emplace(CountText(row.tokens, traits(), vocab));
  }
  const StepSums& steps() const {
    return steps_ ? *steps_ : steps_.emplace(SumSteps(row.tokens, traits()));
  }
  // Sum of 1 - 2 p(t) + sum p^2 over the tokens; columns surprisal and sum_p2.
  double brier() const {
    const TokenColumns& t = row.tokens;
    return brier_ ? *brier_
                  : brier_.emplace(SumBrier(t.surprisal.data(), t.sum_p2.data(), t.size()));
  }
  // Sum of s c; columns surprisal and rank.
  double rank_times_surprisal() const {
    constexpr int32_t kClip = 100;  // as RunRow::sum_rank_clip
    const TokenColumns& t = row.tokens;
    return product_
               ? *product_
               : product_.emplace(SumProducts(t.surprisal.data(), t.rank.data(), kClip, t.size()));
  }
  const Repetition& repetition() const {
    return repetition_ ? *repetition_ : repetition_.emplace(FindRepetition(row.tokens));
  }

 private:
  mutable std::optional<double> brier_, product_;
  mutable std::unique_ptr<const TokenTraits[]> traits_;
  mutable std::optional<TextCounts> text_;
  mutable std::optional<StepSums> steps_;
  mutable std::optional<Repetition> repetition_;
};

}  // namespace rsr
