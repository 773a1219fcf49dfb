// A small filter over named values: `correct and reward >= 0.5 and domain in ('math', 'code')`.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace rsr {

// Null, truth, number or text.
using FilterValue = std::variant<std::monostate, bool, double, std::string>;

// Grammar, the words in any case:
//
//     filter     = term { "or" term }        term = factor { "and" factor }
//     factor     = "not" factor | value [comparison]
//     comparison = ("=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=") value
//                | ["not"] "in" "(" value { "," value } ")" | "is" ["not"] "null"
//     value      = name | number | 'text' | "text" | true | false | null | "(" filter ")"
//
// A name is letters, digits, _ and dots, or anything between backquotes. Logic is SQL's: what is
// compared with null is neither true nor false; NaN is as null there. Text that is a number, or
// true or false, is compared as such with a number or a truth value.
class Filter {
 public:
  Filter() = default;  // lets everything through
  // Throws rsr::Error with the place for text that is no filter.
  explicit Filter(const std::string& text);

  const std::vector<std::string>& names() const { return names_; }  // each once
  // The texts that the outermost "and" joins; the whole text where there is none.
  const std::vector<std::string>& clauses() const { return clauses_; }
  // Whether it is true. Throws rsr::Error where values of different kinds are ordered, or text
  // stands where true or false should.
  bool Accepts(const std::function<FilterValue(const std::string& name)>& lookup) const;

 private:
  friend class FilterParser;
  enum class Op { kName, kConstant, kAnd, kOr, kNot, kIsNull, kIn, kEq, kNe, kLt, kLe, kGt, kGe };
  struct Node {
    Op op;
    std::vector<size_t> parts;  // indices into nodes_; kAnd, kOr: any number; kIn: value, list
    FilterValue value;          // constant, or name as text
  };
  FilterValue Evaluate(size_t node,
                       const std::function<FilterValue(const std::string&)>& lookup) const;

  std::vector<Node> nodes_;  // the last one is the whole
  std::vector<std::string> names_, clauses_;
};

}  // namespace rsr
