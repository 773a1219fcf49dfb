#include "base/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "rsr/error.h"

namespace rsr {
namespace {

constexpr const char* kExamples =
    "for example: correct and reward >= 0.5, teacher in ('a', 'b'), not (source = 'web' or source "
    "is null)";

bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool IsWord(char c) { return IsWordStart(c) || (c >= '0' && c <= '9') || c == '.'; }

std::optional<double> NumberIn(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool SameWord(std::string_view word, std::string_view keyword) {
  return std::equal(word.begin(), word.end(), keyword.begin(), keyword.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
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
  if (const auto* number = std::get_if<double>(&value)) return *number != 0;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (*text == "true" || *text == "false") return *text == "true";
    throw Error(fmt::format("expected true or false, got {}", Describe(value)),
                "compare it with something");
  }
  return value;
}

}  // namespace

// Recursive descent; every method returns the index of the node it made.
class FilterParser {
 public:
  FilterParser(const std::string& text, Filter* filter) : text_(text), filter_(filter) {}

  void Parse() {
    ParseOr();
    Skip();
    if (at_ < text_.size()) Fail("'and', 'or' or the end");
  }

 private:
  using Op = Filter::Op;

  size_t Make(Op op, std::vector<size_t> parts, FilterValue value = {}) {
    filter_->nodes_.push_back({op, std::move(parts), std::move(value)});
    return filter_->nodes_.size() - 1;
  }

  size_t ParseOr() {
    std::vector<size_t> parts = {ParseAnd()};
    while (TakeWord("or") || Take("||")) parts.push_back(ParseAnd());
    if (depth_ == 0 && parts.size() > 1) filter_->clauses_ = {text_};
    return parts.size() == 1 ? parts[0] : Make(Op::kOr, std::move(parts));
  }

  size_t ParseAnd() {
    std::vector<size_t> parts = {ParseClause()};
    while (TakeWord("and") || Take("&&")) parts.push_back(ParseClause());
    return parts.size() == 1 ? parts[0] : Make(Op::kAnd, std::move(parts));
  }

  size_t ParseClause() {
    Skip();
    const size_t begin = at_;
    const size_t node = ParseFactor();
    if (depth_ == 0) {
      const std::string clause = text_.substr(begin, at_ - begin);
      filter_->clauses_.push_back(clause.substr(0, clause.find_last_not_of(" \t\n") + 1));
    }
    return node;
  }

  size_t ParseFactor() {
    if (TakeWord("not")) {
      const Nested nested(this);
      return Make(Op::kNot, {ParseFactor()});
    }
    const size_t left = ParseValue();
    static constexpr std::pair<const char*, Op> kComparisons[] = {
        {"==", Op::kEq}, {"=", Op::kEq}, {"!=", Op::kNe}, {"<>", Op::kNe},
        {"<=", Op::kLe}, {"<", Op::kLt}, {">=", Op::kGe}, {">", Op::kGt}};
    for (const auto& [symbol, op] : kComparisons) {
      if (Take(symbol)) return Make(op, {left, ParseValue()});
    }
    if (TakeWord("is")) {
      const bool negated = TakeWord("not");
      if (!TakeWord("null")) Fail("'null' behind 'is'");
      const size_t test = Make(Op::kIsNull, {left});
      return negated ? Make(Op::kNot, {test}) : test;
    }
    const bool negated = TakeWord("not");
    if (TakeWord("in")) {
      const size_t test = ParseIn(left);
      return negated ? Make(Op::kNot, {test}) : test;
    }
    if (negated) Fail("'in' behind 'not'");
    return left;
  }

  size_t ParseIn(size_t left) {
    if (!Take("(")) Fail("'(' behind 'in'");
    std::vector<size_t> parts = {left};
    do parts.push_back(ParseValue());
    while (Take(","));
    if (!Take(")")) Fail("',' or ')'");
    return Make(Op::kIn, std::move(parts));
  }

  size_t ParseValue() {
    Skip();
    if (Take("(")) {
      const Nested nested(this);
      const size_t inner = ParseOr();
      if (!Take(")")) Fail("')'");
      return inner;
    }
    if (TakeWord("null")) return Make(Op::kConstant, {});
    if (TakeWord("true")) return Make(Op::kConstant, {}, true);
    if (TakeWord("false")) return Make(Op::kConstant, {}, false);
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == '\'' || c == '"') return Make(Op::kConstant, {}, TakeQuoted(c));
    if (c == '`') return Named(TakeQuoted(c));
    if (IsWordStart(c)) {
      for (const char* keyword : {"and", "or", "not", "in", "is"}) {
        if (SameWord(Word(), keyword)) Fail("a name or a value");
      }
      const std::string name(Word());
      at_ += name.size();
      return Named(name);
    }
    double number = 0;
    const auto [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
    if (error != std::errc()) Fail("a name or a value");
    at_ = static_cast<size_t>(end - text_.data());
    return Make(Op::kConstant, {}, number);
  }

  size_t Named(const std::string& name) {
    auto& names = filter_->names_;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    return Make(Op::kName, {}, name);
  }

  std::string TakeQuoted(char quote) {
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string::npos) Fail(fmt::format("{} at the end of the text", quote));
    std::string inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return inside;
  }

  std::string_view Word() const {
    size_t end = at_;
    while (end < text_.size() && IsWord(text_[end])) ++end;
    return std::string_view(text_).substr(at_, end - at_);
  }

  bool TakeWord(std::string_view keyword) {
    Skip();
    if (!SameWord(Word(), keyword)) return false;
    at_ += keyword.size();
    return true;
  }

  bool Take(std::string_view symbol) {
    Skip();
    if (!std::string_view(text_).substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }

  void Skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
      ++at_;
  }

  // Neither parsing nor evaluating may exhaust the stack.
  struct Nested {
    explicit Nested(FilterParser* parser) : parser(parser) {
      if (++parser->depth_ > 100) parser->Fail("at most 100 levels of parentheses and 'not'");
    }
    ~Nested() { --parser->depth_; }
    FilterParser* parser;
  };

  [[noreturn]] void Fail(const std::string& expected) {
    Skip();
    throw Error(fmt::format("filter `{}`: expected {}, got {}", text_, expected,
                            at_ < text_.size()
                                ? fmt::format("`{}` (character {})", text_.substr(at_), at_ + 1)
                                : "its end"),
                kExamples);
  }

  const std::string& text_;
  Filter* filter_;
  size_t at_ = 0;
  int depth_ = 0;
};

Filter::Filter(const std::string& text) { FilterParser(text, this).Parse(); }

bool Filter::Accepts(const std::function<FilterValue(const std::string&)>& lookup) const {
  if (nodes_.empty()) return true;
  const FilterValue truth = Truth(Evaluate(nodes_.size() - 1, lookup));
  return std::holds_alternative<bool>(truth) && std::get<bool>(truth);
}

namespace {

// Below, equal or above 0 as a is to b; nothing where one is null.
std::optional<int> Compare(const FilterValue& a, const FilterValue& b, bool ordered) {
  if (a.index() == 0 || b.index() == 0) return std::nullopt;
  if (std::holds_alternative<std::string>(a) && std::holds_alternative<std::string>(b)) {
    const int order = std::get<std::string>(a).compare(std::get<std::string>(b));
    return order < 0 ? -1 : order > 0;
  }
  const auto x = AsNumber(a), y = AsNumber(b);
  if (x && y) return *x < *y ? -1 : *x > *y;
  if (!ordered) return 1;  // of different kinds: not equal
  throw Error(fmt::format("{} and {} have no order", Describe(a), Describe(b)),
              "order numbers with numbers and text with text");
}

}  // namespace

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
