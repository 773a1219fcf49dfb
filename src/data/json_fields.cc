#include "data/json_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "base/printable.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

const char* TypeName(const element& value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return "a list";
    case element_type::OBJECT:
      return "an object";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a boolean";
    case element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

}  // namespace

BadRow BadField(const std::string& where, const std::string& expected, const std::string& got) {
  return {"bad-field", fmt::format("`{}`: expected {}, got {}", where, expected, got)};
}

std::string Describe(const element& value) {
  return fmt::format("{}: {}", TypeName(value), Excerpt(simdjson::to_string(value)));
}

std::string TextOrJson(const element& value) {
  return value.is_string() ? std::string(std::string_view(value)) : simdjson::to_string(value);
}

FieldMap::FieldMap(std::vector<std::pair<std::string, std::string>> columns)
    : columns_(std::move(columns)) {
  static const std::vector<std::string> kFields = {
      "id",          "problem_id", "teacher", "source",  "correct", "messages",   "conversations",
      "instruction", "input",      "output",  "history", "prompt",  "completion", "response",
      "system",      "tools",      "role",    "content"};
  for (auto it = columns_.begin(); it != columns_.end(); ++it) {
    const auto& [field, column] = *it;
    if (std::find(kFields.begin(), kFields.end(), field) == kFields.end()) {
      throw Error(fmt::format("--map {}={}: rsr reads no field '{}'", field, column, field),
                  NearestHint(field, kFields));
    }
    if (column.empty()) throw Error(fmt::format("--map {}=: no column named", field));
    if (std::any_of(columns_.begin(), it,
                    [&](const auto& other) { return other.first == it->first; })) {
      throw Error(fmt::format("--map: '{}' is mapped twice", field), "name one column for it");
    }
  }
}

FieldMap FieldMap::FromText(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> columns;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    const size_t equals = std::min(item.find('='), item.size());
    columns.emplace_back(item.substr(0, equals), item.substr(std::min(equals + 1, item.size())));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
  }
  return FieldMap(std::move(columns));
}

std::string_view FieldMap::Column(std::string_view field) const {
  for (const auto& [name, column] : columns_) {
    if (name == field) return column;
  }
  return field;
}

std::optional<element> Fields::FindColumn(std::string_view column) const {
  std::optional<element> found;
  for (const auto field : object_) {
    if (field.key == column) found = field.value;
  }
  const size_t dot = column.find('.');
  simdjson::dom::object inner;
  if (!found && dot != std::string_view::npos) {
    const auto outer = FindColumn(column.substr(0, dot));
    if (!outer || outer->get(inner)) return std::nullopt;
    return Fields(inner, *map_).FindColumn(column.substr(dot + 1));
  }
  return found && found->is_null() ? std::nullopt : found;
}

std::optional<element> Fields::Find(std::string_view field) const {
  return FindColumn(map_->Column(field));
}

std::string Fields::Where(std::string_view field) const {
  return where_ + std::string(map_->Column(field));
}

std::string Fields::Text(std::string_view field) const {
  const auto value = Find(field);
  if (!value) return "";
  std::string_view text;
  if (value->get(text)) throw BadField(Where(field), "a string or null", Describe(*value));
  return std::string(text);
}

std::string Fields::Name(std::string_view field) const {
  const auto value = Find(field);
  if (!value) return "";
  if (value->is_string()) return std::string(std::string_view(*value));
  if (value->is_number()) return simdjson::to_string(*value);
  throw BadField(Where(field), "a string or a number", Describe(*value));
}

std::optional<bool> Fields::Label(std::string_view field) const {
  const auto value = Find(field);
  if (!value) return std::nullopt;
  bool label;
  double number;
  if (!value->get(label)) return label;
  if (!value->get(number) && (number == 0 || number == 1)) return number == 1;
  throw BadField(Where(field), "true, false, 1, 0 or null", Describe(*value));
}

std::optional<simdjson::dom::array> Fields::List(std::string_view field,
                                                 simdjson::dom::parser* parser) const {
  auto value = Find(field);
  if (!value) return std::nullopt;
  if (std::string_view text; !value->get(text)) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return std::nullopt;
    element inner;
    if (parser->parse(text).get(inner)) {
      throw BadField(Where(field), "a list or a string that holds a JSON list", Describe(*value));
    }
    if (inner.is_null()) return std::nullopt;
    value = inner;
  }
  simdjson::dom::array list;
  if (value->get(list)) throw BadField(Where(field), "a list", Describe(*value));
  return list;
}

std::string Fields::Keys() const {
  constexpr size_t kMost = 6;
  std::vector<std::string> names;
  for (const auto field : object_) {
    if (names.size() == kMost) {
      names.push_back("...");
      break;
    }
    names.push_back(Excerpt(field.key));
  }
  return names.empty() ? "no field" : fmt::format("the fields {}", fmt::join(names, ", "));
}

}  // namespace rsr
