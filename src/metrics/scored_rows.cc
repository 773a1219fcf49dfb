#include "metrics/scored_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "metrics/joined_columns.h"
#include "metrics/passes.h"
#include "metrics/run_shards.h"
#include "rsr/error.h"

namespace rsr {
namespace {

Corpus CorpusOf(const ScoredRows& data, const std::vector<size_t>& needs,
                std::vector<size_t>* complete) {
  Corpus corpus{.values = std::vector<std::vector<double>>(needs.size())};
  std::unordered_map<std::string_view, size_t> problems;
  for (size_t i = 0; i < data.rows.size(); ++i) {
    const ScoredRow& row = data.rows[i];
    if (!std::all_of(needs.begin(), needs.end(),
                     [&](size_t m) { return row.parts[m].has_value(); }))
      continue;
    complete->push_back(i);
    corpus.problem.push_back(problems.emplace(row.problem_id, problems.size()).first->second);
    for (size_t k = 0; k < needs.size(); ++k) corpus.values[k].push_back(data.Value(row, needs[k]));
  }
  corpus.problems = problems.size();
  return corpus;
}

}  // namespace

std::vector<const Metric*> WithNeeded(const std::vector<const Metric*>& metrics) {
  std::vector<const Metric*> all = metrics;
  for (const Metric* metric : metrics) {
    for (const std::string& name : metric->needs) {
      const Metric* needed = &FindMetric(name);
      if (std::find(all.begin(), all.end(), needed) == all.end()) all.push_back(needed);
    }
  }
  return all;
}

ScoredRow FoldRow(const RunRow& stored, size_t run, const std::vector<const Metric*>& metrics,
                  const VocabTraits& vocab, const PassColumns* passes) {
  ScoredRow row{.run = run,
                .row = stored.row,
                .id = stored.id,
                .problem_id = stored.problem_id,
                .teacher = stored.teacher,
                .source = stored.source,
                .correct = stored.correct,
                .file = stored.file,
                .offset = stored.offset,
                .length = stored.length,
                .line = stored.line,
                .scored_tokens = stored.scored_tokens,
                .sum_rank_clip = stored.sum_rank_clip,
                .sum_surprisal = stored.sum_surprisal,
                .truncated = stored.truncated,
                .kept = stored.kept};
  row.parts.reserve(metrics.size());
  const FoldInput in(stored, vocab, passes);
  for (const Metric* metric : metrics) {
    row.parts.push_back(metric->fold ? metric->fold(in, metric->parameter) : Parts{});
    if (metric->of_gradients && passes) row.projection = passes->projection;
  }
  return row;
}

void CheckSameSettings(const ScoredRows::Run& first, const ScoredRows::Run& other) {
  const auto check = [&](const char* what, const std::string& a, const std::string& b) {
    if (a == b) return;
    throw Error(
        fmt::format("runs {} and {} cannot be read as one: their {} differ: {} and {}", first.path,
                    other.path, what, a, b),
        "their numbers cannot be compared: give only runs of one student scored the same way");
  };
  check("students", first.info.student_hash, other.info.student_hash);
  check("chat templates", first.info.template_hash, other.info.template_hash);
  check("masks", first.info.mask, other.info.mask);
  check("precisions", first.info.precision, other.info.precision);
}

void OrderRows(ScoredRows& data) {
  const std::vector<size_t> first = FirstShards(data.runs);
  const auto before = [&](const ScoredRow& a, const ScoredRow& b) {
    return std::pair(first[a.run], a.row) < std::pair(first[b.run], b.row);
  };
  // They are large, and many runs were stored in order.
  if (!std::is_sorted(data.rows.begin(), data.rows.end(), before))
    std::sort(data.rows.begin(), data.rows.end(), before);
  std::unordered_map<std::string_view, const ScoredRow*> by_id;
  by_id.reserve(data.rows.size());
  for (const ScoredRow& row : data.rows) {
    const auto [at, is_new] = by_id.emplace(row.id, &row);
    if (is_new) continue;
    throw Error(fmt::format("id '{}' is there twice: in run {} (row {}) and in run {} (row {})",
                            row.id, data.runs[at->second->run].path, at->second->row,
                            data.runs[row.run].path, row.row),
                "give each run once, and runs of different input files");
  }
}

void CombineRows(ScoredRows& data, size_t asked) {
  for (size_t m = 0; m < asked; ++m) {
    const Metric& metric = *data.metrics[m];
    if (metric.combine == nullptr) continue;
    std::vector<size_t> needs, complete;
    for (const std::string& name : metric.needs) {
      const auto at = std::find(data.metrics.begin(), data.metrics.end(), &FindMetric(name));
      needs.push_back(static_cast<size_t>(at - data.metrics.begin()));
    }
    const std::vector<double> values = metric.combine(CorpusOf(data, needs, &complete));
    for (size_t i = 0; i < values.size(); ++i) data.rows[complete[i]].parts[m] = {values[i], 1};
  }
  if (asked == data.metrics.size()) return;
  data.metrics.resize(asked);
  for (ScoredRow& row : data.rows) {
    row.parts.resize(asked);
    row.parts.shrink_to_fit();
  }
}

ScoredRows LoadRows(const std::vector<std::string>& runs,
                    const std::vector<const Metric*>& metrics) {
  if (runs.empty())
    throw Error("no run directory given", "name one or more directories that `rsr score` wrote");
  ScoredRows data{.metrics = WithNeeded(metrics)};
  uint32_t columns = RunReader::kNone;
  bool vocabulary = false;
  for (const Metric* metric : data.metrics) {
    columns |= metric->columns;
    vocabulary |= metric->vocabulary;
  }
  VocabTraits vocab;
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::unique_ptr<RunReader> reader = RunReader::Open(runs[i]);
    data.runs.push_back({runs[i], reader->info()});
    CheckSameSettings(data.runs.front(), data.runs.back());
    // The runs are of one student, so the first one's vocabulary is that of all.
    if (vocabulary && i == 0) vocab = VocabTraits(reader->ReadVocab());
    const Passes passes(data.runs, data.metrics);
    const auto inputs = static_cast<int64_t>(reader->info().inputs.size());
    data.rows.reserve(data.rows.size() + ExpectedRows(reader->info()));
    reader->ForEach(columns, [&](const RunRow& row) {
      if (row.file < 0 || row.file >= inputs) {
        throw Error(fmt::format("run {}: row {} names input file number {}, but run.json lists {}",
                                runs[i], row.row, row.file, inputs),
                    "the run is damaged: score again");
      }
      data.rows.push_back(FoldRow(row, i, data.metrics, vocab, passes.Of(row)));
    });
  }
  if (data.rows.empty()) {
    throw Error(fmt::format("no scored trajectory in {}", fmt::join(runs, ", ")),
                "rejected.jsonl in the run directory says what became of the input rows");
  }
  OrderRows(data);
  data.warnings = MissingRows(data.runs);
  if (const JoinedColumns* joined = JoinedColumns::Active()) joined->RequireKnown(data);
  CombineRows(data, metrics.size());
  return data;
}

}  // namespace rsr
