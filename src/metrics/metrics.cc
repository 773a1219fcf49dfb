// The public functions of rsr/metrics.h.
#include "rsr/metrics.h"

#include <algorithm>
#include <map>

#include "base/nearest.h"
#include "metrics/metrics_table.h"
#include "metrics/scored_rows.h"
#include "rsr/error.h"

namespace rsr {
namespace {

const std::vector<std::string> kEveryday = {"rsr",      "avg_surprisal", "avg_rank_clip",
                                            "avg_rank", "avg_entropy",   "tokens",
                                            "turns",    "correct"};

std::vector<const Metric*> Chosen(const std::vector<std::string>& names) {
  std::vector<const Metric*> metrics;
  const auto add = [&](const Metric& metric) {
    if (std::find(metrics.begin(), metrics.end(), &metric) == metrics.end())
      metrics.push_back(&metric);
  };
  for (const std::string& name : names.empty() ? kEveryday : names) {
    if (name != "all") {
      add(FindMetric(name));
      continue;
    }
    for (const Metric& metric : AllMetrics()) add(metric);
  }
  return metrics;
}

Cell ValueCell(const Metric& metric, const Parts& parts) {
  return parts.has_value() ? Cell(metric.Value(parts)) : Cell(std::monostate());
}

Cell NameCell(const std::string& name) {
  return name.empty() ? Cell(std::monostate()) : Cell(name);
}

const std::string& GroupName(const ScoredRow& row, const std::string& by) {
  return by == "teacher" ? row.teacher : by == "source" ? row.source : row.problem_id;
}

std::vector<double> Values(const ScoredRows& data, const std::vector<const ScoredRow*>& rows,
                           size_t metric) {
  std::vector<double> values;
  for (const ScoredRow* row : rows) {
    if (row->parts[metric].has_value()) values.push_back(data.Value(*row, metric));
  }
  return values;
}

}  // namespace

Table TrajectoryTable(const ScoredRows& data) {
  Table table{.columns = {{"id"}, {"problem_id"}, {"teacher"}, {"source"}}};
  for (const Metric* metric : data.metrics)
    table.columns.push_back({metric->name, metric->decimals});
  for (const ScoredRow& row : data.rows) {
    std::vector<Cell> cells = {row.id, row.problem_id, NameCell(row.teacher), NameCell(row.source)};
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
  std::map<std::string, std::vector<const ScoredRow*>> groups;
  for (const ScoredRow& row : data.rows) groups[GroupName(row, by)].push_back(&row);
  for (const auto& [name, rows] : groups) {
    std::vector<Cell> cells = {NameCell(name), static_cast<int64_t>(rows.size())};
    for (size_t m = 0; m < data.metrics.size(); ++m) {
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

Table Metrics(const MetricsOptions& options) {
  static const std::vector<std::string> kBy = {"teacher", "source", "problem_id", "trajectory"};
  if (std::find(kBy.begin(), kBy.end(), options.by) == kBy.end()) {
    throw Error("cannot group by '" + options.by + "'", NearestHint(options.by, kBy));
  }
  const ScoredRows data = LoadRows(options.runs, Chosen(options.metrics));
  return options.by == "trajectory" ? TrajectoryTable(data) : GroupTable(data, options.by);
}

Table ListMetrics() {
  Table table{.columns = {{"metric"}, {"better"}, {"formula"}, {"source"}}};
  for (const Metric& metric : AllMetrics()) {
    table.rows.push_back({metric.name, BetterName(metric.better), metric.formula, metric.source});
  }
  return table;
}

}  // namespace rsr
