#include "data/row_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/printable.h"

namespace rsr {
namespace {

using simdjson::dom::element;

BadRow InvalidJson(simdjson::error_code error, std::string_view bytes) {
  std::string_view why = simdjson::error_message(error);
  if (const size_t code = why.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
      why.substr(code, 2) == ": ") {
    why.remove_prefix(code + 2);  // "TAPE_ERROR: " and the like are for programmers
  }
  std::string text =
      fmt::format("not valid JSON: {}; expected one JSON object, got {}", why, Excerpt(bytes));
  for (const std::string_view literal : {"NaN", "Infinity"}) {
    if (bytes.find(literal) != std::string_view::npos)
      text += fmt::format(" ({} is not JSON)", literal);
  }
  return {"invalid-json", text};
}

BadRow InvalidUtf8(std::string_view bytes) {
  const size_t at = ValidUtf8Prefix(bytes);
  const size_t from = at - std::min<size_t>(at, 20);
  return {"invalid-utf8", fmt::format("not valid UTF-8 at byte {} of the row: {}", at,
                                      Excerpt(bytes.substr(from, 40)))};
}

std::string Teacher(const Fields& row, const std::string& column) {
  if (column.empty()) return row.Name("teacher");
  const auto value = row.FindColumn(column);
  if (value && value->is_string()) return std::string(std::string_view(*value));
  if (value && value->is_number()) return simdjson::to_string(*value);
  throw BadField(column, "the teacher, a string or a number", value ? Describe(*value) : "none");
}

FilterValue ToFilterValue(const element& value) {
  double number;
  bool truth;
  if (!value.get(number)) return number;
  if (!value.get(truth)) return truth;
  return TextOrJson(value);
}

// What was found where rows of `dialect` are expected; `why` they are.
BadRow OtherFields(const Fields& row, Dialect dialect, const char* reason, const std::string& why) {
  const auto other = RecogniseDialect(row);
  if (!other) {
    return {"no-messages", fmt::format("no {}: expected {}, got {}", FieldsOf(dialect, row.map()),
                                       why, row.Keys())};
  }
  return {reason, fmt::format("a row of the dialect {} ({}): expected {}", DialectName(*other),
                              FieldsOf(*other, row.map()), why)};
}

}  // namespace

RowFormat::RowFormat(const InputOptions& options)
    : dialect(ParseDialect(options.dialect)), map(options.map) {
  if (options.teacher_from != kFromFilename) teacher_column = options.teacher_from;
  for (const auto& [name, column] : options.keep) keep.push_back(column);
}

RowFormat RowFormat::OfRun(const std::string& dialect, std::string_view map) {
  RowFormat format;
  format.dialect = ParseDialect(dialect.empty() ? "auto" : dialect);
  format.map = FieldMap::FromText(map);
  return format;
}

FilterValue RowParser::ValueOf(const std::string& name, const Trajectory& row) const {
  const auto given = [](const std::string& text) {
    return text.empty() ? FilterValue() : FilterValue(text);
  };
  if (name == "id") return given(row.id);
  if (name == "problem_id") return given(row.problem_id);
  if (name == "teacher") return given(row.teacher);
  if (name == "source") return given(row.source);
  if (name == "correct") return row.correct ? FilterValue(*row.correct) : FilterValue();
  const auto value = Fields(row_, format_.map).FindColumn(name);
  return value ? ToFilterValue(*value) : FilterValue();
}

Dialect RowParser::DialectOf(const Fields& row, int64_t line) {
  if (format_.dialect) {
    if (HasFieldsOf(*format_.dialect, row)) return *format_.dialect;
    throw OtherFields(row, *format_.dialect, "wrong-dialect",
                      fmt::format("{}, as --dialect {} says", FieldsOf(*format_.dialect, row.map()),
                                  DialectName(*format_.dialect)));
  }
  if (!recognised_) {
    recognised_ = RecogniseDialect(row);
    recognised_at_ = line;
  }
  if (!recognised_) {
    throw BadRow{
        "no-messages",
        fmt::format("no conversation: expected {}, {}, {}, or {}, got {} (--map FIELD=COLUMN "
                    "names other columns)",
                    FieldsOf(Dialect::kMessages, row.map()),
                    FieldsOf(Dialect::kShareGpt, row.map()), FieldsOf(Dialect::kAlpaca, row.map()),
                    FieldsOf(Dialect::kPrompt, row.map()), row.Keys())};
  }
  if (HasFieldsOf(*recognised_, row)) return *recognised_;
  throw OtherFields(row, *recognised_, "mixed-dialects",
                    fmt::format("{} as in line {} of this file", FieldsOf(*recognised_, row.map()),
                                recognised_at_));
}

std::optional<BadRow> RowParser::Parse(std::string_view bytes, Trajectory* row, int64_t line) {
  if (!simdjson::validate_utf8(bytes.data(), bytes.size())) return InvalidUtf8(bytes);
  element document;
  // The parser copies the bytes: it reads beyond their end, which may be the end of the mapped
  // file.
  const auto error = parser_.parse(bytes.data(), bytes.size()).get(document);
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error) return InvalidJson(error, bytes);
  if (document.get(row_)) {
    return BadRow{"not-an-object", "expected a JSON object, got " + Describe(document)};
  }
  const Fields fields(row_, format_.map);
  try {
    row->id = fields.Name("id");
    row->dialect = DialectOf(fields, line);
    row->problem_id = fields.Name("problem_id");
    row->teacher = Teacher(fields, format_.teacher_column);
    // People keep whole objects of provenance here; as it only groups rows, their JSON will do.
    if (const auto source = fields.Find("source")) row->source = TextOrJson(*source);
    row->correct = fields.Label("correct");
    for (const std::string& column : format_.keep) {
      const auto value = fields.FindColumn(column);
      row->kept.push_back(value ? std::optional(TextOrJson(*value)) : std::nullopt);
    }
    row->tools = ParseTools(row->dialect, fields, &nested_);
    row->messages = ParseConversation(row->dialect, fields, &nested_);
  } catch (BadRow& bad) {
    return std::move(bad);
  }
  return std::nullopt;
}

}  // namespace rsr
