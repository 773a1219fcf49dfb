// The public functions of rsr/metrics.h.
#include "rsr/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/cells.h"
#include "base/nearest.h"
#include "metrics/joined_columns.h"
#include "metrics/metrics_table.h"
#include "metrics/no_value.h"
#include "metrics/passes.h"
#include "metrics/scored_rows.h"
#include "rsr/error.h"
#include "rsr/thousands.h"

namespace rsr {
namespace {

const std::vector<std::string> kEveryday = {"rsr",      "avg_surprisal", "avg_rank_clip",
                                            "avg_rank", "avg_entropy",   "tokens",
                                            "turns",    "correct"};

// Of the 8-grams: natural texts repeat some, loops nearly all.
constexpr double kLoopShare = 0.5;

// "all" are those that the runs have the columns for.
std::vector<const Metric*> Chosen(const std::vector<std::string>& names,
                                  const std::vector<std::string>& runs) {
  std::vector<const Metric*> metrics;
  const auto add = [&](const Metric& metric) {
    if (std::find(metrics.begin(), metrics.end(), &metric) == metrics.end())
      metrics.push_back(&metric);
  };
  const auto add_joined = [&] {
    const JoinedColumns* joined = JoinedColumns::Active();
    if (joined == nullptr) return;
    for (const Metric& metric : joined->metrics()) add(metric);
  };
  for (const std::string& name : names.empty() ? kEveryday : names) {
    if (name != "all") {
      add(FindMetric(name));
      continue;
    }
    for (const Metric& metric : AllMetrics()) {
      if (HavePass(runs, metric.pass)) add(metric);
    }
    add_joined();
  }
  if (names.empty()) add_joined();
  return metrics;
}

Cell ValueCell(const Metric& metric, const Parts& parts) {
  return parts.has_value() ? Cell(metric.Value(parts)) : Cell();
}

// What a row is grouped by: one of its own fields, or a column that every run keeps. "" for none.
class Grouping {
 public:
  Grouping(const ScoredRows& data, const std::string& by) : by_(by) {
    if (IsOwn(by)) return;
    for (const ScoredRows::Run& run : data.runs)
      place_.push_back(PlaceOf(by, run.path, run.info.kept));
  }

  static bool IsOwn(const std::string& by) {
    return by == "teacher" || by == "source" || by == "problem_id";
  }

  static size_t PlaceOf(const std::string& by, const std::string& run,
                        const std::vector<std::string>& kept) {
    const auto at = std::find(kept.begin(), kept.end(), by);
    if (at != kept.end()) return static_cast<size_t>(at - kept.begin());
    std::vector<std::string> known = {"teacher", "source", "problem_id", "trajectory"};
    known.insert(known.end(), kept.begin(), kept.end());
    throw Error(fmt::format("cannot group by '{}': run {} keeps no such column", by, run),
                NearestHint(by, known));
  }

  std::string NameOf(const ScoredRow& row) const {
    if (place_.empty())
      return by_ == "teacher" ? row.teacher : by_ == "source" ? row.source : row.problem_id;
    return row.kept.at(place_[row.run]).value_or("");
  }

 private:
  const std::string by_;
  std::vector<size_t> place_;  // among the kept columns of each run
};

std::vector<double> Values(const ScoredRows& data, const std::vector<const ScoredRow*>& rows,
                           size_t metric) {
  std::vector<double> values;
  for (const ScoredRow* row : rows) {
    if (row->parts[metric].has_value()) values.push_back(data.Value(*row, metric));
  }
  return values;
}

Cell GradientCell(const ScoredRows& data, const Metric& metric,
                  const std::vector<const ScoredRow*>& rows) {
  GradientSet set;
  std::map<std::string, size_t> problems;
  const size_t dims = rows[0]->projection.size();
  for (const ScoredRow* row : rows) {
    if (row->projection.size() != dims) {
      throw Error(
          fmt::format("{}: the gradient of row {} ('{}') has {} dimensions, expected {}",
                      data.runs[row->run].path, row->row, row->id, row->projection.size(), dims),
          "the pass is damaged: delete passes/gradients in the run and make it anew");
    }
    set.projections.push_back(&row->projection);
    set.problem.push_back(problems.emplace(row->problem_id, problems.size()).first->second);
  }
  set.problems = problems.size();
  return NumberCell(metric.of_gradients(set));
}

}  // namespace

Table TrajectoryTable(const ScoredRows& data) {
  Table table{.columns = {{"id"}, {"problem_id"}, {"teacher"}, {"source"}}};
  for (const Metric* metric : data.metrics)
    table.columns.push_back({metric->name, metric->decimals});
  for (const ScoredRow& row : data.rows) {
    std::vector<Cell> cells = {row.id, row.problem_id, TextCell(row.teacher), TextCell(row.source)};
    for (size_t m = 0; m < data.metrics.size(); ++m)
      cells.push_back(ValueCell(*data.metrics[m], row.parts[m]));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table GroupTable(const ScoredRows& data, const std::string& by) {
  Table table{.columns = {{by}, {"trajectories"}}};
  for (const Metric* metric : data.metrics) {
    table.columns.push_back({metric->name, metric->decimals});
    if (!metric->quantiles) continue;
    table.columns.push_back({metric->name + "_median", metric->decimals});
    table.columns.push_back({metric->name + "_p95", metric->decimals});
  }
  const Grouping grouping(data, by);
  std::map<std::string, std::vector<const ScoredRow*>> groups;
  for (const ScoredRow& row : data.rows) groups[grouping.NameOf(row)].push_back(&row);
  for (const auto& [name, rows] : groups) {
    std::vector<Cell> cells = {TextCell(name), static_cast<int64_t>(rows.size())};
    for (size_t m = 0; m < data.metrics.size(); ++m) {
      if (data.metrics[m]->of_gradients) {
        cells.push_back(GradientCell(data, *data.metrics[m], rows));
        continue;
      }
      PartsSum sum;
      for (const ScoredRow* row : rows) sum.Add(row->parts[m]);
      cells.push_back(ValueCell(*data.metrics[m], sum.parts()));
      if (!data.metrics[m]->quantiles) continue;
      const std::vector<double> values = Values(data, rows, m);
      cells.push_back(Quantile(values, 0.5));
      cells.push_back(Quantile(values, 0.95));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::string LoopWarning(const ScoredRows& data) {
  const auto at =
      std::find(data.metrics.begin(), data.metrics.end(), &FindMetric("repeated_8grams"));
  if (at == data.metrics.end()) return "";
  const auto m = static_cast<size_t>(at - data.metrics.begin());
  std::map<std::string, int64_t> loops;
  int64_t all = 0;
  for (const ScoredRow& row : data.rows) {
    if (!row.parts[m].has_value() || data.Value(row, m) <= kLoopShare) continue;
    ++loops[row.teacher];
    ++all;
  }
  if (all == 0) return "";
  const auto most = std::max_element(
      loops.begin(), loops.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return fmt::format(
      "{} of {} trajectories say mostly what they said before (repeated_8grams above {}), most of "
      "'{}': {}; a loop's tokens are nearly certain, so its other metrics say little about it",
      Thousands(all), Thousands(std::ssize(data.rows)), kLoopShare, most->first,
      Thousands(most->second));
}

Table Metrics(const MetricsOptions& options, std::vector<std::string>* warnings) {
  const JoinedColumns joined(options.join);
  return MetricsOf(options, warnings);
}

Table MetricsOf(const MetricsOptions& options, std::vector<std::string>* warnings) {
  const std::vector<const Metric*> chosen = Chosen(options.metrics, options.runs);
  const bool groups = options.by != "trajectory";
  // A wrong name is found before anything is read.
  for (const std::string& run : options.runs) {
    const std::optional<RunInfo> info = ReadRunInfo(run);
    if (info && groups && !Grouping::IsOwn(options.by))
      Grouping::PlaceOf(options.by, run, info->kept);
  }
  std::vector<const Metric*> metrics = chosen;
  const Metric* loops = &FindMetric("repeated_8grams");
  if (warnings != nullptr && std::find(chosen.begin(), chosen.end(), loops) == chosen.end())
    metrics.push_back(loops);
  ScoredRows data = LoadRows(options.runs, metrics);
  if (warnings != nullptr) {
    warnings->insert(warnings->end(), data.warnings.begin(), data.warnings.end());
    if (const std::string loop = LoopWarning(data); !loop.empty()) warnings->push_back(loop);
    const bool labelled = std::any_of(data.rows.begin(), data.rows.end(),
                                      [](const ScoredRow& row) { return row.correct.has_value(); });
    const bool asked = std::find(options.metrics.begin(), options.metrics.end(), "correct") !=
                       options.metrics.end();
    if (asked && !labelled)
      warnings->push_back("no trajectory has a label `correct`: " +
                          NoValueHint(FindMetric("correct")));
  }
  data.metrics.resize(chosen.size());
  return groups ? GroupTable(data, options.by) : TrajectoryTable(data);
}

Table ListMetrics() {
  Table table{.columns = {{"metric"}, {"better"}, {"formula"}, {"source"}}};
  for (const Metric& metric : AllMetrics()) {
    table.rows.push_back({metric.name, BetterName(metric.better), metric.formula, metric.source});
  }
  return table;
}

}  // namespace rsr
