#include "metrics/joined_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "base/delimited.h"
#include "metrics/scored_rows.h"
#include "rsr/error.h"

namespace rsr {
namespace {

thread_local const JoinedColumns* active = nullptr;

// "NAME", "NAME:low" or "NAME:high".
Metric MetricOf(const std::string& header, const std::string& path) {
  Metric metric{.name = header, .formula = "a column of " + path, .source = path};
  for (const Better better : {Better::kLow, Better::kHigh}) {
    const std::string end = ":" + BetterName(better);
    if (!header.ends_with(end)) continue;
    metric.name = header.substr(0, header.size() - end.size());
    metric.better = better;
  }
  if (metric.name.find(':') != std::string::npos || metric.name.empty()) {
    throw Error(fmt::format("{}: column '{}': expected NAME, NAME:low or NAME:high", path, header),
                "low or high says which values are better");
  }
  return metric;
}

}  // namespace

JoinedColumns::JoinedColumns(const std::vector<std::string>& files) : outer_(active) {
  for (const std::string& path : files) {
    const DelimitedTable table = ReadDelimited(path);
    const size_t id = table.Column("id");
    const size_t first = metrics_.size();
    for (size_t c = 0; c < table.columns.size(); ++c) {
      if (c == id) continue;
      Metric metric = MetricOf(table.columns[c], path);
      bool taken = LookUpMetric(metric.name) != nullptr;
      for (const Metric& other : metrics_) taken |= other.name == metric.name;
      if (taken) {
        throw Error(
            fmt::format("{}: column '{}': a metric has this name already", path, table.columns[c]),
            "give the column another name");
      }
      metric.fold = Value;
      metric.parameter = static_cast<double>(metrics_.size());
      metrics_.push_back(std::move(metric));
    }
    std::unordered_set<std::string> here;
    for (const DelimitedTable::Row& row : table.rows) {
      Row& joined = rows_[row.cells[id]];
      if (!here.insert(row.cells[id]).second) {
        throw Error(fmt::format("{}: id '{}' is there twice, first at {}", table.At(row),
                                row.cells[id], joined.where),
                    "one line for each trajectory");
      }
      joined.where = table.At(row);
      joined.values.resize(first, std::numeric_limits<double>::quiet_NaN());
      for (size_t c = 0; c < table.columns.size(); ++c) {
        if (c == id) continue;
        const std::string& cell = row.cells[c];
        const std::optional<double> value =
            IsMissing(cell) ? std::numeric_limits<double>::quiet_NaN() : ParseNumber(cell);
        if (!value) {
          throw Error(fmt::format("{}: column '{}': expected a number, got '{}'", table.At(row),
                                  table.columns[c], cell),
                      "an empty cell is no value");
        }
        joined.values.push_back(*value);
      }
    }
  }
  active = this;
}

JoinedColumns::~JoinedColumns() { active = outer_; }

const JoinedColumns* JoinedColumns::Active() { return active; }

bool JoinedColumns::Has(const Metric& metric) const {
  return std::any_of(metrics_.begin(), metrics_.end(),
                     [&](const Metric& joined) { return &joined == &metric; });
}

Parts JoinedColumns::Value(const FoldInput& in, double column) {
  const auto row = active->rows_.find(in.row.id);
  const auto at = static_cast<size_t>(column);
  if (row == active->rows_.end() || at >= row->second.values.size()) return {};
  const double value = row->second.values[at];
  return std::isnan(value) ? Parts{} : Parts{value, 1};
}

void JoinedColumns::RequireKnown(const ScoredRows& data) const {
  for (const ScoredRow& row : data.rows)
    if (rows_.contains(row.id)) known_.insert(row.id);
  if (++scanned_ < scans_) return;
  const std::pair<const std::string, Row>* stranger = nullptr;
  int64_t strangers = 0;
  for (const auto& joined : rows_) {
    if (known_.contains(joined.first)) continue;
    ++strangers;
    if (stranger == nullptr || joined.second.where < stranger->second.where) stranger = &joined;
  }
  if (strangers == 0) return;
  throw Error(fmt::format("{}: no trajectory of the runs has the id '{}'{}", stranger->second.where,
                          stranger->first,
                          strangers > 1 ? fmt::format(", nor {} other{} of the table",
                                                      strangers - 1, strangers > 2 ? "s" : "")
                                        : ""),
              fmt::format("ids there look like '{}'; `rsr metrics RUN --by trajectory` lists them",
                          data.rows.front().id));
}

}  // namespace rsr
