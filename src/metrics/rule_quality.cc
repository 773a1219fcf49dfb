// The rules by which LIMO ranks solutions: long ones that check, doubt and conclude (arXiv
// 2502.03387; weights as in arXiv 2601.14249 B.2).
#include <array>
#include <cmath>

#include "base/stable_sum.h"
#include "metrics/metric.h"

namespace rsr {
namespace {

// (x - mean) / standard deviation over the corpus (of the population); 0 where all are equal.
std::vector<double> ZScores(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  StableSum sum, squares;
  for (const double x : values) sum.Add(x);
  const double mean = sum.value() / n;
  for (const double x : values) squares.Add((x - mean) * (x - mean));
  const double deviation = std::sqrt(squares.value() / n);
  std::vector<double> scores;
  // Equal values whose mean was rounded are still equal.
  for (const double x : values)
    scores.push_back(deviation > 1e-12 * std::abs(mean) ? (x - mean) / deviation : 0);
  return scores;
}

std::vector<double> Weighted(const Corpus& corpus) {
  constexpr std::array<double, 4> kWeights = {0.3, 0.2, 0.25, 0.25};
  std::vector<double> sum(corpus.problem.size());
  for (size_t k = 0; k < kWeights.size(); ++k) {
    const std::vector<double> scores = ZScores(corpus.values[k]);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += kWeights[k] * scores[i];
  }
  return sum;
}

// Occurrences for each word of the text.
Parts Share(const FoldInput& in, int64_t KeywordCounts::*keyword) {
  const int64_t words = in.text().words;
  if (words == 0) return {};
  return {static_cast<double>(in.keywords().*keyword) / static_cast<double>(words), 1};
}

const MetricRegistrar kCheckShare({
    .name = "check_share",
    .formula = "share of the words that are check or verify",
    .source = "arXiv 2502.03387",
    .fold = [](const FoldInput& in, double) { return Share(in, &KeywordCounts::check); },
    .columns = FoldInput::kTextColumns,
    .vocabulary = true,
});

const MetricRegistrar kPerhapsShare({
    .name = "perhaps_share",
    .formula = "share of the words that are perhaps or might",
    .source = "arXiv 2502.03387",
    .fold = [](const FoldInput& in, double) { return Share(in, &KeywordCounts::perhaps); },
    .columns = FoldInput::kTextColumns,
    .vocabulary = true,
});

const MetricRegistrar kThereforeShare({
    .name = "therefore_share",
    .formula = "share of the words that are therefore or since",
    .source = "arXiv 2502.03387",
    .fold = [](const FoldInput& in, double) { return Share(in, &KeywordCounts::therefore); },
    .columns = FoldInput::kTextColumns,
    .vocabulary = true,
});

const MetricRegistrar kRuleQuality({
    .name = "rule_quality",
    .better = Better::kHigh,
    .formula = "0.3 z(words) + 0.2 z(check_share) + 0.25 z(perhaps_share) + 0.25 "
               "z(therefore_share), z-scores over the corpus",
    .source = "arXiv 2601.14249 B.2; arXiv 2502.03387",
    .needs = {"words", "check_share", "perhaps_share", "therefore_share"},
    .combine = Weighted,
});

}  // namespace
}  // namespace rsr
