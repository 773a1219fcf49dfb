// What a metric folds: one stored trajectory, and what several metrics read off it, found when the
// first of them asks.
#pragma once

#include <optional>
#include <vector>

#include "metrics/count_keywords.h"
#include "metrics/repetition.h"
#include "metrics/steps.h"
#include "metrics/stretch.h"
#include "metrics/text_marks.h"
#include "metrics/vector_loops.h"
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

  // Their ends.
  const std::vector<size_t>& stretches() const {
    return stretches_ ? *stretches_ : stretches_.emplace(StretchEnds(row.tokens));
  }
  const TextMarks& text() const {
    return text_ ? *text_ : text_.emplace(MarkText(row.tokens, stretches(), vocab));
  }
  const KeywordCounts& keywords() const {
    return keywords_ ? *keywords_
                     : keywords_.emplace(CountKeywords(row.tokens, stretches(), text(), vocab));
  }
  const StepSums& steps() const {
    return steps_ ? *steps_ : steps_.emplace(SumSteps(row.tokens, text()));
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
    return repetition_ ? *repetition_
                       : repetition_.emplace(FindRepetition(row.tokens, stretches()));
  }

 private:
  mutable std::optional<double> brier_, product_;
  mutable std::optional<std::vector<size_t>> stretches_;
  mutable std::optional<TextMarks> text_;
  mutable std::optional<KeywordCounts> keywords_;
  mutable std::optional<StepSums> steps_;
  mutable std::optional<Repetition> repetition_;
};

}  // namespace rsr
