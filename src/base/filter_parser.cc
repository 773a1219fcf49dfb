// The text of a filter, whose grammar is in filter.h, into its nodes.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/filter.h"
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

bool SameWord(std::string_view word, std::string_view keyword) {
  return std::equal(word.begin(), word.end(), keyword.begin(), keyword.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
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

}  // namespace rsr
