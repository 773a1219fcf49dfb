// One row's JSON to the fields of a trajectory.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>

#include "base/filter.h"
#include "data/dialect.h"
#include "data/json_fields.h"
#include "data/trajectory.h"
#include "rsr/score.h"

namespace rsr {

// How rows are to be read: InputOptions, understood.
struct RowFormat {
  RowFormat() = default;
  explicit RowFormat(const InputOptions& options);  // throws rsr::Error
  // Of an input file as run.json has it: the dialect recognised there (or empty) and the map's
  // text. Throws rsr::Error.
  static RowFormat OfRun(const std::string& dialect, std::string_view map);

  std::optional<Dialect> dialect;  // nothing: recognised at each file's first row that has one
  FieldMap map;
  std::string teacher_column;     // every row must have it; empty: `teacher`, which may be absent
  std::vector<std::string> keep;  // columns
};

// Threading: one thread. Keeps buffers of the size of the largest row.
class RowParser {
 public:
  explicit RowParser(RowFormat format = {}) : format_(std::move(format)) {}

  void BeginFile() { recognised_.reset(); }

  // Fills id, problem_id, teacher and source (empty where the row has none), correct, kept,
  // dialect, messages and tools. After an error `row->id` is the row's id if it could be read.
  // `line`: for messages about later rows.
  std::optional<BadRow> Parse(std::string_view bytes, Trajectory* row, int64_t line = 1);

  // What a filter finds under a name in the row parsed last, which is `row` by now: one of its
  // fields, else a column.
  FilterValue ValueOf(const std::string& name, const Trajectory& row) const;

  // Of the file's rows so far.
  std::optional<Dialect> dialect() const { return format_.dialect ? format_.dialect : recognised_; }

 private:
  Dialect DialectOf(const Fields& row, int64_t line);

  const RowFormat format_;
  std::optional<Dialect> recognised_;
  int64_t recognised_at_ = 0;  // line
  simdjson::dom::parser parser_;
  simdjson::dom::object row_;
  NestedParsers nested_;
};

}  // namespace rsr
