// The fields of a JSON object, by the names that people's columns have.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rsr {

inline constexpr char kFromFilename[] = "filename";  // InputOptions::teacher_from

// Thrown for a row that cannot be read; caught in RowParser.
struct BadRow {
  std::string reason;  // slug, as in reader.h
  std::string text;    // for people; the reader puts file and line before it
};

BadRow BadField(const std::string& where, const std::string& expected, const std::string& got);
std::string Describe(const simdjson::dom::element& value);    // "a list: [1,2]"
std::string TextOrJson(const simdjson::dom::element& value);  // a string as it is, else its JSON

// Which column holds a field: `--map problem_id=task`. A field that is not mapped has its own name.
class FieldMap {
 public:
  FieldMap() = default;
  // Throws rsr::Error for a field that rsr does not read, or one mapped twice.
  explicit FieldMap(std::vector<std::pair<std::string, std::string>> columns);
  static FieldMap FromText(std::string_view text);  // "problem_id=task,id=uid", as in run.json
  std::string_view Column(std::string_view field) const;

 private:
  std::vector<std::pair<std::string, std::string>> columns_;
};

// Throws BadRow where a field is of another type than asked for. `map` must outlive it.
class Fields {
 public:
  // `where`: of the object in the row, "messages[3].", for messages.
  Fields(simdjson::dom::object object, const FieldMap& map, std::string where = "")
      : object_(object), map_(&map), where_(std::move(where)) {}

  // The last one of that name, as in Python; null counts as absent.
  std::optional<simdjson::dom::element> Find(std::string_view field) const;
  bool Has(std::string_view field) const { return Find(field).has_value(); }
  // The same by a column's name, which is not mapped: "task", or "meta.task" within an object.
  std::optional<simdjson::dom::element> FindColumn(std::string_view column) const;

  std::string Text(std::string_view field) const;  // a string; empty if absent
  std::string Name(std::string_view field) const;  // a string or a number
  std::optional<bool> Label(std::string_view field) const;
  // A list, given as such or as a string that holds it as JSON, for which `parser` is used: what it
  // parsed before is gone. Nothing for none, an empty string or the JSON null.
  std::optional<simdjson::dom::array> List(std::string_view field,
                                           simdjson::dom::parser* parser) const;

  std::string Where(std::string_view field) const;  // "messages[3].content"
  std::string Keys() const;                         // "the fields a, b", the first six
  const FieldMap& map() const { return *map_; }

 private:
  simdjson::dom::object object_;
  const FieldMap* map_;
  std::string where_;
};

}  // namespace rsr
