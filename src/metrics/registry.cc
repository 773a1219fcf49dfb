#include <algorithm>

#include "base/nearest.h"
#include "metrics/metric.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// Function-local, so that it exists before the first registrar of any file runs.
std::vector<Metric>& Registry() {
  static std::vector<Metric> metrics;
  return metrics;
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

const Metric& FindMetric(const std::string& name) {
  std::vector<std::string> names;
  for (const Metric& metric : AllMetrics()) {
    if (metric.name == name) return metric;
    names.push_back(metric.name);
  }
  throw Error("unknown metric '" + name + "'", NearestHint(name, names));
}

const Metric& FindRankingMetric(const std::string& name) {
  const Metric& metric = FindMetric(name);
  if (metric.better != Better::kNeither) return metric;
  std::string names;
  for (const Metric& other : AllMetrics()) {
    if (other.better != Better::kNeither) names += (names.empty() ? "" : ", ") + other.name;
  }
  throw Error("metric '" + name + "' has no better end: neither low nor high values are preferred",
              "choose one of: " + names);
}

std::string BetterName(Better better) {
  return better == Better::kLow ? "low" : better == Better::kHigh ? "high" : "-";
}

}  // namespace rsr
