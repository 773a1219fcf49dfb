// Everything the right half needs of stored runs: one scan, all metrics at once, in input order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/stable_sum.h"
#include "metrics/metric.h"

namespace rsr {

// A stored trajectory without its tokens, and its parts of each metric that was asked for.
struct ScoredRow {
  size_t run = 0;   // index into ScoredRows::runs
  int64_t row = 0;  // in the input of that run
  std::string id, problem_id, teacher, source;
  std::optional<bool> correct;
  int32_t file = 0;  // index into that run's RunInfo::inputs
  int64_t offset = 0, length = 0, line = 0;
  int32_t scored_tokens = 0;
  double sum_rank_clip = 0, sum_surprisal = 0;  // as in RunRow
  bool truncated = false;
  std::vector<std::optional<std::string>> kept;  // the columns RunInfo::kept of its run
  std::vector<Parts> parts;                      // in the order of ScoredRows::metrics
  std::vector<float> projection;                 // of its gradient, where a metric is made of those
};

struct ScoredRows {
  struct Run {
    std::string path;
    RunInfo info;
  };
  std::vector<Run> runs;
  std::vector<const Metric*> metrics;
  // In input order, shards of one input (run_shards.h) together: no sum depends on the order of
  // storage, nor on how many machines scored.
  std::vector<ScoredRow> rows;
  std::vector<std::string> warnings;  // of rows that the runs do not hold

  double Value(const ScoredRow& row, size_t metric = 0) const {
    return metrics[metric]->Value(row.parts[metric]);
  }
};

// Reads the runs as one. Throws rsr::Error if they were made with different students, templates,
// masks or precisions, hold one id twice, or hold no scored trajectory; or if a joined table
// (joined_columns.h) has an id that they do not hold.
ScoredRows LoadRows(const std::vector<std::string>& runs,
                    const std::vector<const Metric*>& metrics);

// The steps of LoadRows, for tests without a run. First: what has to be folded, the metrics asked
// for and behind them those that they are made of.
std::vector<const Metric*> WithNeeded(const std::vector<const Metric*>& metrics);

// What is kept of one stored trajectory.
ScoredRow FoldRow(const RunRow& stored, size_t run, const std::vector<const Metric*>& metrics,
                  const VocabTraits& vocab, const PassColumns* passes = nullptr);

// Throws unless both can be read as one.
void CheckSameSettings(const ScoredRows::Run& first, const ScoredRows::Run& other);

// Sorts into input order; throws rsr::Error for an id that is there twice.
void OrderRows(ScoredRows& data);

// Values of the metrics made of others, for rows in order that were folded with data.metrics; then
// keeps the first `asked` metrics.
void CombineRows(ScoredRows& data, size_t asked);

// The parts of a group: add its trajectories' in input order.
class PartsSum {
 public:
  void Add(const Parts& parts) {
    numerator_.Add(parts.numerator);
    denominator_.Add(parts.denominator);
    count_ += parts.count;
  }
  Parts parts() const { return {numerator_.value(), denominator_.value(), count_}; }

 private:
  StableSum numerator_, denominator_;
  double count_ = 0;
};

}  // namespace rsr
