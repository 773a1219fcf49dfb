#include "metrics/no_value.h"

#include <fmt/format.h>

namespace rsr {

std::string NoValueHint(const Metric& metric) {
  if (metric.name == "correct") {
    return "labels come with the data, as a field \"correct\": true or false, or from `rsr verify`";
  }
  return fmt::format("it is {}", metric.formula);
}

}  // namespace rsr
