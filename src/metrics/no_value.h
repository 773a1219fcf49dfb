// A metric of which no trajectory has a value: nothing can be ranked or chosen by it.
#pragma once

#include <string>

#include "metrics/metric.h"

namespace rsr {

// What to do about it.
std::string NoValueHint(const Metric& metric);

}  // namespace rsr
