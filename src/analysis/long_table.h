// A table of one value a line, as tools of statistics write them.
#pragma once

#include "base/delimited.h"

namespace rsr {

// A table with the columns `metric` and `value` as one with a column a metric; any other as it is.
// Of other columns the keys of a study remain: student, teacher, run. Throws rsr::Error for a value
// that is there twice and for a metric without a name.
DelimitedTable Widened(DelimitedTable table);

}  // namespace rsr
