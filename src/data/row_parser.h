// One row's JSON to the fields of a trajectory.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "data/trajectory.h"

namespace rsr {

struct RowError {
  std::string reason;  // slug, as in reader.h
  std::string text;    // for people; the caller puts file and line before it
};

// Threading: one thread. Keeps buffers of the size of the largest row.
class RowParser {
 public:
  // Fills id, problem_id, teacher and source (empty where the row has none), correct, messages and
  // tools. After an error `row->id` is the row's id if it could be read.
  std::optional<RowError> Parse(std::string_view bytes, Trajectory* row);

 private:
  simdjson::dom::parser parser_, nested_parser_;  // nested: for lists given as JSON strings
};

}  // namespace rsr
