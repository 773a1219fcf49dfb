#include "select/row_columns.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>

#include "base/nearest.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using Getter = std::function<FilterValue(const ScoredRow&)>;

FilterValue Text(const std::string& text) {
  return text.empty() ? FilterValue() : FilterValue(text);
}

const std::map<std::string, Getter>& OwnColumns() {
  static const std::map<std::string, Getter> kColumns = {
      {"id", [](const ScoredRow& row) { return Text(row.id); }},
      {"problem_id", [](const ScoredRow& row) { return Text(row.problem_id); }},
      {"teacher", [](const ScoredRow& row) { return Text(row.teacher); }},
      {"source", [](const ScoredRow& row) { return Text(row.source); }},
      {"correct",
       [](const ScoredRow& row) {
         return row.correct ? FilterValue(*row.correct) : FilterValue();
       }},
      {"truncated", [](const ScoredRow& row) { return FilterValue(row.truncated); }},
      {"scored_tokens",
       [](const ScoredRow& row) { return FilterValue(static_cast<double>(row.scored_tokens)); }},
  };
  return kColumns;
}

constexpr const char* kProblemAccuracy = "problem_accuracy";
constexpr const char* kProblemCandidates = "problem_candidates";

bool IsOwn(const std::string& name) {
  return OwnColumns().contains(name) || name == kProblemAccuracy || name == kProblemCandidates;
}

Getter OfProblem(const ScoredRows& data, bool accuracy) {
  struct Count {
    int64_t rows = 0, labelled = 0, correct = 0;
  };
  auto counts = std::make_shared<std::unordered_map<std::string, Count>>();
  for (const ScoredRow& row : data.rows) {
    Count& count = (*counts)[row.problem_id];
    ++count.rows;
    count.labelled += row.correct.has_value();
    count.correct += row.correct.value_or(false);
  }
  return [counts, accuracy](const ScoredRow& row) -> FilterValue {
    const Count& count = counts->at(row.problem_id);
    if (!accuracy) return static_cast<double>(count.rows);
    if (count.labelled == 0) return std::monostate();
    return static_cast<double>(count.correct) / static_cast<double>(count.labelled);
  };
}

// Runs may keep different columns.
Getter OfKept(const ScoredRows& data, const std::string& name) {
  std::vector<ptrdiff_t> place;
  for (const ScoredRows::Run& run : data.runs) {
    const auto& kept = run.info.kept;
    const auto at = std::find(kept.begin(), kept.end(), name);
    place.push_back(at == kept.end() ? -1 : at - kept.begin());
  }
  if (std::all_of(place.begin(), place.end(), [](ptrdiff_t at) { return at < 0; })) return nullptr;
  return [place](const ScoredRow& row) -> FilterValue {
    const ptrdiff_t at = place[row.run];
    if (at < 0 || !row.kept.at(at)) return std::monostate();
    return *row.kept[at];
  };
}

// Null for a name that is no metric's.
const Metric* MetricOf(const std::string& name) {
  return LookUpMetric(name.substr(0, name.find(':'))) ? &FindMetric(name) : nullptr;
}

Getter OfMetric(const ScoredRows& data, const std::string& name) {
  const auto at = std::find(data.metrics.begin(), data.metrics.end(), MetricOf(name));
  if (at == data.metrics.end()) return nullptr;
  return [&data, m = static_cast<size_t>(at - data.metrics.begin())](const ScoredRow& row) {
    const bool has = row.parts[m].has_value() && !std::isnan(data.Value(row, m));
    return has ? FilterValue(data.Value(row, m)) : FilterValue();
  };
}

}  // namespace

std::vector<const Metric*> MetricsNamed(const std::vector<std::string>& names) {
  std::vector<const Metric*> metrics;
  for (const std::string& name : names) {
    const Metric* metric = IsOwn(name) ? nullptr : MetricOf(name);
    if (metric && std::find(metrics.begin(), metrics.end(), metric) == metrics.end())
      metrics.push_back(metric);
  }
  return metrics;
}

RowColumns::RowColumns(const ScoredRows& data, const std::vector<std::string>& names) {
  for (const std::string& name : names) getters_[name] = Find(data, name);
}

RowColumns::Getter RowColumns::Find(const ScoredRows& data, const std::string& name) const {
  if (const auto own = OwnColumns().find(name); own != OwnColumns().end()) return own->second;
  if (name == kProblemAccuracy || name == kProblemCandidates)
    return OfProblem(data, name == kProblemAccuracy);
  if (Getter kept = OfKept(data, name)) return kept;
  if (Getter metric = OfMetric(data, name)) return metric;
  std::vector<std::string> known = {kProblemAccuracy, kProblemCandidates};
  for (const auto& [own, getter] : OwnColumns()) known.push_back(own);
  for (const ScoredRows::Run& run : data.runs)
    known.insert(known.end(), run.info.kept.begin(), run.info.kept.end());
  for (const Metric& metric : AllMetrics())
    if (!IsOwn(metric.name)) known.push_back(metric.name);
  const std::vector<std::string> near = NearestNames(name, known);
  throw Error("unknown column '" + name + "': neither one of the run nor a metric",
              near.empty() ? "columns of the input are stored by `rsr score --keep COLUMN`; of the "
                             "run itself are id, problem_id, teacher, source, correct, truncated, "
                             "scored_tokens, problem_accuracy, problem_candidates; `rsr metrics "
                             "--list` lists the metrics"
                           : NearestHint(name, known) +
                                 " Columns of the input are stored by `rsr score --keep COLUMN`");
}

FilterValue RowColumns::Get(const std::string& name, const ScoredRow& row) const {
  return getters_.at(name)(row);
}

}  // namespace rsr
