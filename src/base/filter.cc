// What a filter says of a row; filter_parser.cc makes it out of text.
#include "base/filter.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "rsr/error.h"

namespace rsr {
namespace {

std::optional<double> NumberIn(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string Describe(const FilterValue& value) {
  if (const auto* number = std::get_if<double>(&value))
    return fmt::format("the number {}", *number);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value))
    return fmt::format("the text '{}'", *text);
  return "null";
}

// Truth values count as 1 and 0 beside numbers; text as what it says.
std::optional<double> AsNumber(const FilterValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? 1 : 0;
  const auto& text = std::get<std::string>(value);
  if (text == "true" || text == "false") return text == "true" ? 1 : 0;
  return NumberIn(text);
}

FilterValue Truth(const FilterValue& value) {
  if (const auto* number = std::get_if<double>(&value))
    return std::isnan(*number) ? FilterValue() : *number != 0;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (*text == "true" || *text == "false") return *text == "true";
    throw Error(fmt::format("expected true or false, got {}", Describe(value)),
                "compare it with something");
  }
  return value;
}

// Below, equal or above 0 as a is to b; nothing where one is null or not a number (NaN).
std::optional<int> Compare(const FilterValue& a, const FilterValue& b, bool ordered) {
  if (a.index() == 0 || b.index() == 0) return std::nullopt;
  if (std::holds_alternative<std::string>(a) && std::holds_alternative<std::string>(b)) {
    const int order = std::get<std::string>(a).compare(std::get<std::string>(b));
    return order < 0 ? -1 : order > 0;
  }
  const auto x = AsNumber(a), y = AsNumber(b);
  if (x && y && (std::isnan(*x) || std::isnan(*y))) return std::nullopt;
  if (x && y) return *x < *y ? -1 : *x > *y;
  if (!ordered) return 1;  // of different kinds: not equal
  throw Error(fmt::format("{} and {} have no order", Describe(a), Describe(b)),
              "order numbers with numbers and text with text");
}

}  // namespace

bool Filter::Accepts(const std::function<FilterValue(const std::string&)>& lookup) const {
  if (nodes_.empty()) return true;
  const FilterValue truth = Truth(Evaluate(nodes_.size() - 1, lookup));
  return std::holds_alternative<bool>(truth) && std::get<bool>(truth);
}

FilterValue Filter::Evaluate(size_t index,
                             const std::function<FilterValue(const std::string&)>& lookup) const {
  const Node& node = nodes_[index];
  const auto part = [&](size_t i) { return Evaluate(node.parts[i], lookup); };
  const auto compare = [&](bool ordered, auto&& holds) -> FilterValue {
    const auto order = Compare(part(0), part(1), ordered);
    if (!order) return std::monostate();
    return holds(*order);
  };
  switch (node.op) {
    case Op::kConstant:
      return node.value;
    case Op::kName:
      return lookup(std::get<std::string>(node.value));
    case Op::kNot: {
      const FilterValue truth = Truth(part(0));
      if (truth.index() == 0) return truth;
      return !std::get<bool>(truth);
    }
    case Op::kAnd:
    case Op::kOr: {
      // One part that decides is enough, also beside null.
      const FilterValue decides = node.op == Op::kOr;
      FilterValue result = node.op != Op::kOr;
      for (size_t i = 0; i < node.parts.size(); ++i) {
        const FilterValue truth = Truth(part(i));
        if (truth == decides) return truth;
        if (truth.index() == 0) result = truth;
      }
      return result;
    }
    case Op::kIsNull:
      return part(0).index() == 0;
    case Op::kIn: {
      const FilterValue value = part(0);
      if (value.index() == 0) return value;
      for (size_t i = 1; i < node.parts.size(); ++i) {
        if (Compare(value, part(i), /*ordered=*/false) == 0) return true;
      }
      return false;
    }
    case Op::kEq:
      return compare(false, [](int order) { return order == 0; });
    case Op::kNe:
      return compare(false, [](int order) { return order != 0; });
    case Op::kLt:
      return compare(true, [](int order) { return order < 0; });
    case Op::kLe:
      return compare(true, [](int order) { return order <= 0; });
    case Op::kGt:
      return compare(true, [](int order) { return order > 0; });
    case Op::kGe:
      return compare(true, [](int order) { return order >= 0; });
  }
  return std::monostate();
}

}  // namespace rsr
