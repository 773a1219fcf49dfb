#include "tokenizer/pattern.h"

#include <fmt/format.h>

#include <array>
#include <deque>
#include <vector>

#include "base/printable.h"
#include "rsr/error.h"
#include "tokenizer/text.h"

namespace rsr {
namespace {

constexpr size_t kNoMatch = SIZE_MAX;
constexpr int kUnbounded = INT32_MAX;
// Published patterns need a few steps a character; `\s+$` needs at each of a run of n white-space
// characters as many as are left of it, so that 2^24 allow a run of 5,000 in any text.
constexpr int64_t kStepsPerChar = 256, kStepsAtLeast = 1 << 24;
constexpr int kDeepest = 10000;  // frames of about 200 bytes: 2 MB of stack

class CharSet {
 public:
  void AddRange(char32_t from, char32_t to) { ranges_.push_back({from, to}); }
  void AddCategories(uint32_t mask) { categories_ |= mask; }
  void AddSpace(bool is) { (is ? space_ : not_space_) = true; }
  void AddWord(bool is) { (is ? word_ : not_word_) = true; }
  void Negate() { negated_ = true; }
  void FoldCase() { folded_ = true; }

  void Finish() {
    for (char32_t c = 0; c < 128; ++c) ascii_[c] = Decide(c);
  }
  bool Has(char32_t c) const { return c < 128 ? ascii_[c] : Decide(c); }

 private:
  bool Decide(char32_t c) const {
    const bool in = In(c) || (folded_ && In(rsr::FoldCase(c)));
    return in != negated_;
  }
  bool In(char32_t c) const {
    for (const auto& [from, to] : ranges_) {
      if (c >= from && c <= to) return true;
    }
    if (categories_ != 0 && (CategoryBit(c) & categories_) != 0) return true;
    if ((space_ || not_space_) && (IsWhiteSpace(c) ? space_ : not_space_)) return true;
    return (word_ || not_word_) && (IsWord(c) ? word_ : not_word_);
  }

  std::vector<std::pair<char32_t, char32_t>> ranges_;
  uint32_t categories_ = 0;
  bool space_ = false, not_space_ = false, word_ = false, not_word_ = false;
  bool negated_ = false, folded_ = false;
  std::array<bool, 128> ascii_ = {};
};

struct Node {
  enum class Kind {
    kAccept,
    kSet,      // one character
    kRepeat,   // a run of characters of one set
    kEither,   // one of `branches`
    kLoop,     // `branches[0]` min to max times; its last node is a kLoopEnd
    kLoopEnd,  // of `loop`
    kLook,     // `branches[0]` matches here, or not (`negative`)
    kTextBegin,
    kLineBegin,
    kLineEnd,
    kWordBoundary
  };
  Kind kind = Kind::kAccept;
  const Node* next = nullptr;
  CharSet set;
  int min = 1, max = 1;
  bool possessive = false, negative = false;
  std::vector<const Node*> branches;
  const Node* loop = nullptr;
};

// Recursive descent over the pattern's source.
class Compiler {
 public:
  Compiler(std::string_view source, std::deque<Node>* nodes)
      : source_(DecodeText(source, 0, source.size()).chars), text_(source), nodes_(nodes) {}

  const Node* Compile() {
    const Node* start = Alternatives(New(Node::Kind::kAccept), false, 0);
    if (!AtEnd()) Refuse("a ')' without '('");
    return start;
  }

 private:
  [[noreturn]] void Refuse(const std::string& what) const {
    throw Error(fmt::format("pre-tokenizer pattern has {} at character {}: {}", what, at_ + 1,
                            Excerpt(text_)));
  }
  bool AtEnd() const { return at_ >= source_.size(); }
  char32_t Peek(size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : U'\0';
  }
  bool Take(std::u32string_view expected) {
    if (std::u32string_view(source_).substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }
  Node* New(Node::Kind kind, const Node* next = nullptr) {
    if (nodes_->size() > 20000) Refuse("more parts than any published one");
    Node& node = nodes_->emplace_back();
    node.kind = kind;
    node.next = next;
    return &node;
  }

  // An element is compiled where its continuation is known, so a sequence is parsed first.
  struct Element {
    size_t from;  // of the atom in the source
    int min = 1, max = 1;
    bool possessive = false;
  };

  const Node* Alternatives(const Node* next, bool fold, int depth) {
    if (depth > 50) Refuse("groups nested deeper than 50");
    std::vector<const Node*> branches;
    do {
      branches.push_back(Sequence(next, fold, depth));
    } while (Take(U"|"));
    if (branches.size() == 1) return branches[0];
    Node* either = New(Node::Kind::kEither);
    either->branches = std::move(branches);
    return either;
  }

  const Node* Sequence(const Node* next, bool fold, int depth) {
    std::vector<Element> elements;
    while (!AtEnd() && Peek() != U'|' && Peek() != U')') {
      if (Take(U"(?i)")) Refuse("'(?i)', which is understood only as '(?i:'");
      Element element{at_};
      SkipAtom();
      Quantifier(&element);
      elements.push_back(element);
    }
    const size_t end = at_;
    for (auto element = elements.rbegin(); element != elements.rend(); ++element) {
      at_ = element->from;
      next = Compile(*element, next, fold, depth);
    }
    at_ = end;
    return next;
  }

  void SkipAtom() {
    if (Take(U"\\")) {
      if (AtEnd()) Refuse("a '\\' at its end");
      const char32_t c = source_[at_++];
      if ((c == U'p' || c == U'P') && Peek() == U'{') {
        while (!AtEnd() && Peek() != U'}') ++at_;
        if (!Take(U"}")) Refuse("a '\\p{' without '}'");
      } else if (c == U'u' || c == U'x') {
        Refuse("'\\u' or '\\x'");
      }
    } else if (Peek() == U'[') {
      ReadSet();
    } else if (Take(U"(")) {
      for (int open = 1; open > 0;) {
        if (AtEnd()) Refuse("a '(' without ')'");
        if (Peek() == U'[') {
          ReadSet();
        } else if (Peek() == U'\\') {
          at_ += 2;
        } else {
          open += Peek() == U'(' ? 1 : Peek() == U')' ? -1 : 0;
          ++at_;
        }
      }
    } else {
      if (Peek() == U'*' || Peek() == U'+' || Peek() == U'?') Refuse("nothing to repeat");
      ++at_;
    }
  }

  void Quantifier(Element* element) {
    if (Take(U"?")) {
      element->min = 0;
    } else if (Take(U"*")) {
      element->min = 0, element->max = kUnbounded;
    } else if (Take(U"+")) {
      element->max = kUnbounded;
    } else if (Peek() == U'{' && Peek(1) >= U'0' && Peek(1) <= U'9') {
      ++at_;
      element->min = Number();
      element->max = element->min;
      if (Take(U",")) element->max = Peek() == U'}' ? kUnbounded : Number();
      if (!Take(U"}") || element->max < element->min) Refuse("a broken '{min,max}'");
      return;  // Oniguruma reads a + behind it as another quantifier
    } else {
      return;
    }
    if (Peek() == U'?') Refuse("a lazy quantifier");
    element->possessive = Take(U"+");
  }

  int Number() {
    int value = 0;
    while (Peek() >= U'0' && Peek() <= U'9') {
      value = value * 10 + static_cast<int>(Peek() - U'0');
      if (value > 100000) Refuse("a count above 100000");
      ++at_;
    }
    return value;
  }

  const Node* Compile(const Element& element, const Node* next, bool fold, int depth) {
    if (Peek() == U'(') return Group(element, next, fold, depth);
    if (Peek() == U'^' || Peek() == U'$' ||
        (Peek() == U'\\' && (Peek(1) == U'b' || Peek(1) == U'A'))) {
      if (element.min != 1 || element.max != 1) Refuse("a repeated assertion");
      return New(Peek() == U'^'    ? Node::Kind::kLineBegin
                 : Peek() == U'$'  ? Node::Kind::kLineEnd
                 : Peek(1) == U'A' ? Node::Kind::kTextBegin
                                   : Node::Kind::kWordBoundary,
                 next);
    }
    const bool once = element.min == 1 && element.max == 1;
    Node* node = New(once ? Node::Kind::kSet : Node::Kind::kRepeat, next);
    node->set = ReadAtomSet();
    if (fold) node->set.FoldCase();
    node->set.Finish();
    node->min = element.min, node->max = element.max, node->possessive = element.possessive;
    return node;
  }

  const Node* Group(const Element& element, const Node* next, bool fold, int depth) {
    const bool once = element.min == 1 && element.max == 1;
    const bool ahead = Take(U"(?="), not_ahead = !ahead && Take(U"(?!");
    if (ahead || not_ahead) {
      if (!once) Refuse("a repeated look-ahead");
      Node* look = New(Node::Kind::kLook, next);
      look->negative = not_ahead;
      look->branches = {Alternatives(New(Node::Kind::kAccept), fold, depth + 1)};
      CloseGroup();
      return look;
    }
    if (Take(U"(?i:")) {
      fold = true;
    } else if (!Take(U"(?:")) {
      Take(U"(");
      if (Peek() == U'?') Refuse("a group of a kind that is not known");
    }
    if (element.possessive) Refuse("a possessive group");
    const Node* start;
    if (once) {
      start = Alternatives(next, fold, depth + 1);
    } else if (element.min == 0 && element.max == 1) {
      Node* either = New(Node::Kind::kEither);
      either->branches = {Alternatives(next, fold, depth + 1), next};
      start = either;
    } else {
      Node* loop = New(Node::Kind::kLoop, next);
      Node* end = New(Node::Kind::kLoopEnd);
      end->loop = loop;
      loop->min = element.min, loop->max = element.max;
      loop->branches = {Alternatives(end, fold, depth + 1)};
      start = loop;
    }
    CloseGroup();
    return start;
  }

  void CloseGroup() {
    if (!Take(U")")) Refuse("a '(' without ')'");
  }

  CharSet ReadAtomSet() {
    if (Peek() == U'[') return ReadSet();
    CharSet set;
    if (Take(U".")) {
      set.AddRange(U'\n', U'\n');
      set.Negate();
    } else if (Peek() == U'\\') {
      Escape(&set);
    } else {
      set.AddRange(Peek(), Peek());
      ++at_;
    }
    return set;
  }

  // One escape; returns the character it stands for, or 0 for a class, which goes into `set`.
  char32_t Escape(CharSet* set) {
    ++at_;
    const char32_t c = source_[at_++];
    switch (c) {
      case U's':
      case U'S':
        set->AddSpace(c == U's');
        return 0;
      case U'w':
      case U'W':
        set->AddWord(c == U'w');
        return 0;
      case U'd':
        set->AddCategories(CategoryMask("Nd"));
        return 0;
      case U'p':
      case U'P': {
        Take(U"{");
        bool negative = c == U'P';
        if (Take(U"^")) negative = !negative;
        std::string name;
        while (!AtEnd() && Peek() != U'}') AppendUtf8(source_[at_++], &name);
        Take(U"}");
        const uint32_t mask = CategoryMask(name);
        if (mask == 0) Refuse("the unknown class \\p{" + name + "}");
        set->AddCategories(negative ? ~mask : mask);
        return 0;
      }
      default:
        break;
    }
    constexpr std::u32string_view kFrom = U"nrtvf0", kTo(U"\n\r\t\v\f\0", 6);
    const size_t control = kFrom.find(c);
    const char32_t literal = control == std::u32string_view::npos ? c : kTo[control];
    if (control == std::u32string_view::npos && c < 128 && IsWord(c) && c != U'_') {
      Refuse(fmt::format("the unknown escape '\\{}'", static_cast<char>(c)));
    }
    set->AddRange(literal, literal);
    return literal;
  }

  CharSet ReadSet() {
    CharSet set;
    if (!Take(U"[")) Refuse("a broken set");
    if (Take(U"^")) set.Negate();
    bool first = true;
    while (first || Peek() != U']') {
      if (AtEnd()) Refuse("a '[' without ']'");
      if (Peek() == U'[') Refuse("a set within a set");
      if (Peek() == U'&' && Peek(1) == U'&') Refuse("an intersection of sets");
      first = false;
      char32_t low;
      if (Peek() == U'\\') {
        if (at_ + 1 >= source_.size()) Refuse("a '[' without ']'");
        low = Escape(&set);
      } else {
        low = Peek();
        ++at_;
        set.AddRange(low, low);
      }
      if (low == 0 || Peek() != U'-' || Peek(1) == U']') continue;
      ++at_;
      CharSet ignored;
      const char32_t high = Peek() == U'\\' ? Escape(&ignored) : source_[at_++];
      if (high < low) Refuse("a range that ends before it begins");
      set.AddRange(low, high);
    }
    ++at_;
    return set;
  }

  std::u32string source_;
  std::string_view text_;
  std::deque<Node>* nodes_;
  size_t at_ = 0;
};

class Matcher {
 public:
  Matcher(std::u32string_view text, size_t from, size_t to)
      : text_(text),
        from_(from),
        to_(to),
        steps_(std::max(kStepsAtLeast, kStepsPerChar * static_cast<int64_t>(to - from))) {}

  // End of the match of `node` and all behind it that begins at `at`.
  size_t Match(const Node* node, size_t at) {
    if (++depth_ > kDeepest) throw PatternTooExpensive{at};
    const size_t end = MatchHere(node, at);
    --depth_;
    return end;
  }

 private:
  struct LoopState {
    const Node* loop;
    int count;
    size_t begin;
    LoopState* outer;
  };

  size_t MatchHere(const Node* node, size_t at) {
    for (;; node = node->next) {
      if (--steps_ < 0) throw PatternTooExpensive{at};
      switch (node->kind) {
        case Node::Kind::kAccept:
          return at;
        case Node::Kind::kSet:
          if (at == to_ || !node->set.Has(text_[at])) return kNoMatch;
          ++at;
          break;
        case Node::Kind::kRepeat: {
          const size_t begin = at;
          const size_t most =
              static_cast<size_t>(node->max) < to_ - at ? at + static_cast<size_t>(node->max) : to_;
          while (at < most && node->set.Has(text_[at])) ++at;
          steps_ -= static_cast<int64_t>(at - begin) / 16;  // cheaper than a step
          if (at - begin < static_cast<size_t>(node->min)) return kNoMatch;
          if (node->possessive || node->next->kind == Node::Kind::kAccept) break;
          for (const size_t least = begin + static_cast<size_t>(node->min);; --at) {
            const size_t end = Match(node->next, at);
            if (end != kNoMatch || at == least) return end;
          }
        }
        case Node::Kind::kEither:
          for (const Node* branch : node->branches) {
            const size_t end = Match(branch, at);
            if (end != kNoMatch) return end;
          }
          return kNoMatch;
        case Node::Kind::kLoop: {
          LoopState state{node, 0, at, loops_};
          loops_ = &state;
          const size_t end = Iterate(at);
          loops_ = state.outer;
          return end;
        }
        case Node::Kind::kLoopEnd: {
          if (loops_->begin == at && loops_->count >= node->loop->min)
            return kNoMatch;  // no progress
          const LoopState saved = *loops_;
          ++loops_->count;
          loops_->begin = at;
          const size_t end = Iterate(at);
          *loops_ = saved;
          return end;
        }
        case Node::Kind::kLook: {
          LoopState* const loops = loops_;
          const bool found = Match(node->branches[0], at) != kNoMatch;
          loops_ = loops;
          if (found == node->negative) return kNoMatch;
          break;
        }
        case Node::Kind::kTextBegin:
          if (at != from_) return kNoMatch;
          break;
        case Node::Kind::kLineBegin:
          if (at != from_ && text_[at - 1] != U'\n') return kNoMatch;
          break;
        case Node::Kind::kLineEnd:
          if (at != to_ && text_[at] != U'\n') return kNoMatch;
          break;
        case Node::Kind::kWordBoundary: {
          const bool before = at != from_ && IsWord(text_[at - 1]);
          const bool after = at != to_ && IsWord(text_[at]);
          if (before == after) return kNoMatch;
          break;
        }
      }
    }
  }

  // Another round of the innermost loop if it may have one, else what is behind it.
  size_t Iterate(size_t at) {
    LoopState* const state = loops_;
    if (state->count < state->loop->max) {
      const size_t end = Match(state->loop->branches[0], at);
      loops_ = state;
      if (end != kNoMatch) return end;
    }
    if (state->count < state->loop->min) return kNoMatch;
    loops_ = state->outer;
    const size_t end = Match(state->loop->next, at);
    loops_ = state;
    return end;
  }

  std::u32string_view text_;
  size_t from_, to_;
  int64_t steps_;
  int depth_ = 0;
  LoopState* loops_ = nullptr;
};

}  // namespace

struct Pattern::Impl {
  std::deque<Node> nodes;  // their addresses stay
  const Node* start = nullptr;
};

Pattern::Pattern(std::string_view source) : impl_(std::make_unique<Impl>()) {
  impl_->start = Compiler(source, &impl_->nodes).Compile();
}
Pattern::Pattern(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Pattern Pattern::Literal(std::string_view text) {
  auto impl = std::make_unique<Impl>();
  const std::u32string chars = DecodeText(text, 0, text.size()).chars;
  const Node* next = &impl->nodes.emplace_back();
  for (auto c = chars.rbegin(); c != chars.rend(); ++c) {
    Node& node = impl->nodes.emplace_back();
    node.kind = Node::Kind::kSet;
    node.next = next;
    node.set.AddRange(*c, *c);
    node.set.Finish();
    next = &node;
  }
  impl->start = next;
  return Pattern(std::move(impl));
}

void Pattern::FindAll(std::u32string_view text, size_t from, size_t to,
                      const std::function<void(size_t, size_t)>& match) const {
  Matcher matcher(text, from, to);
  for (size_t at = from; at < to;) {
    const size_t end = matcher.Match(impl_->start, at);
    if (end == kNoMatch || end == at) {
      ++at;
    } else {
      match(at, end);
      at = end;
    }
  }
}

}  // namespace rsr
