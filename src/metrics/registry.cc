#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>

#include "base/nearest.h"
#include "metrics/joined_columns.h"
#include "metrics/metric.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// Function-local, so that it exists before the first registrar of any file runs.
std::vector<Metric>& Registry() {
  static std::vector<Metric> metrics;
  return metrics;
}

[[noreturn]] void Unknown(const std::string& name) {
  std::vector<std::string> names;
  if (const JoinedColumns* joined = JoinedColumns::Active()) {
    for (const Metric& metric : joined->metrics()) names.push_back(metric.name);
  }
  for (const Metric& metric : AllMetrics()) {
    names.push_back(metric.name);
    if (!metric.alias.empty()) names.push_back(metric.alias);
  }
  throw Error("unknown metric '" + name + "'", NearestHint(name, names));
}

double ParameterOf(const Metric& metric, const std::string& text) {
  if (!metric.settable) {
    throw Error(fmt::format("metric '{}' takes no number, got ':{}'", metric.name, text),
                "its formula is in `rsr metrics --list`");
  }
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= metric.least && value <= metric.most)
    return value;
  throw Error(fmt::format("metric '{}': expected a number from {} to {} behind the colon, got '{}'",
                          metric.name, metric.least, metric.most, text),
              fmt::format("without one it is {}", metric.parameter));
}

// Metrics with a number of the user's choice, made when first asked for.
const Metric& WithParameter(const Metric& metric, double parameter, const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, Metric> made;
  const std::lock_guard lock(mutex);
  const auto [at, is_new] = made.emplace(name, metric);
  if (is_new) {
    at->second.name = name;
    at->second.parameter = parameter;
  }
  return at->second;
}

}  // namespace

MetricRegistrar::MetricRegistrar(Metric metric) {
  std::vector<Metric>& metrics = Registry();
  const auto at =
      std::lower_bound(metrics.begin(), metrics.end(), metric,
                       [](const Metric& a, const Metric& b) { return a.name < b.name; });
  metrics.insert(at, std::move(metric));
}

const std::vector<Metric>& AllMetrics() { return Registry(); }

const Metric* LookUpMetric(const std::string& name) {
  if (const JoinedColumns* joined = JoinedColumns::Active()) {
    for (const Metric& metric : joined->metrics()) {
      if (metric.name == name) return &metric;
    }
  }
  for (const Metric& metric : AllMetrics()) {
    if (metric.name == name || (!name.empty() && metric.alias == name)) return &metric;
  }
  return nullptr;
}

const Metric& FindMetric(const std::string& name) {
  const size_t colon = name.find(':');
  const Metric* metric = LookUpMetric(name.substr(0, colon));
  if (metric == nullptr) Unknown(name.substr(0, colon));
  if (colon == name.npos) return *metric;
  return WithParameter(*metric, ParameterOf(*metric, name.substr(colon + 1)), name);
}

const Metric& FindRankingMetric(const std::string& name) {
  const Metric& metric = FindMetric(name);
  if (metric.of_gradients) {
    throw Error("metric '" + name + "' is one of groups: no trajectory has a value of its own",
                "`rsr metrics RUN --metric " + name + "` shows it for each teacher");
  }
  if (metric.better != Better::kNeither) return metric;
  if (const JoinedColumns* joined = JoinedColumns::Active(); joined && joined->Has(metric)) {
    throw Error("column '" + name + "' does not say which of its values are better",
                "call it '" + name + ":high' or '" + name + ":low' in the file");
  }
  std::string names;
  for (const Metric& other : AllMetrics()) {
    if (other.better != Better::kNeither && !other.of_gradients)
      names += (names.empty() ? "" : ", ") + other.name;
  }
  throw Error("metric '" + name + "' has no better end: neither low nor high values are preferred",
              "choose one of: " + names);
}

std::string BetterName(Better better) {
  return better == Better::kLow ? "low" : better == Better::kHigh ? "high" : "-";
}

}  // namespace rsr
