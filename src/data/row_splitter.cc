#include "data/row_splitter.h"

#include <algorithm>

namespace rsr {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool IsSpace(char c) { return kSpace.find(c) != std::string_view::npos; }

// Index of the quote that closes the string opened before `at`, or npos. Looks only at quotes and
// the backslashes before them, so that long texts go at the speed of memchr.
size_t StringEnd(std::string_view bytes, size_t at) {
  for (size_t quote = at;; ++quote) {
    quote = bytes.find('"', quote);
    if (quote == std::string_view::npos) return quote;
    size_t before = quote;
    while (before > at && bytes[before - 1] == '\\') --before;
    if ((quote - before) % 2 == 0) return quote;
  }
}

}  // namespace

RowSplitter::RowSplitter(std::string_view bytes) : bytes_(bytes) {
  if (bytes_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  SkipSpace();
  array_ = at_ < bytes_.size() && bytes_[at_] == '[';
  if (array_) ++at_;
}

bool RowSplitter::Next(RawRow* row) {
  SkipSpace();
  return array_ ? NextElement(row) : NextLine(row);
}

bool RowSplitter::NextLine(RawRow* row) {
  if (at_ == bytes_.size()) return false;
  Emit(std::min(bytes_.find('\n', at_), bytes_.size()), nullptr, row);
  return true;
}

bool RowSplitter::NextElement(RawRow* row) {
  if (state_ == State::kFirst && at_ < bytes_.size() && bytes_[at_] == ']') {
    ++at_;
    SkipSpace();
    state_ = State::kClosed;
  }
  if (state_ == State::kEnd || (state_ == State::kClosed && at_ == bytes_.size())) return false;
  const size_t end = state_ == State::kClosed ? bytes_.size() : ElementEnd();
  const char* lost = nullptr;
  if (state_ == State::kClosed) {
    lost = "there is more behind the list's closing ]";
  } else if (end == std::string_view::npos) {
    lost = "the list element that begins here does not end";
  } else if (at_ == bytes_.size()) {
    lost = "the list has no closing ]";
  }
  if (lost != nullptr) {
    state_ = State::kEnd;
    Emit(bytes_.size(), lost, row);
    return true;
  }
  Emit(end, nullptr, row);
  state_ = State::kElement;
  if (at_ < bytes_.size()) {
    if (bytes_[at_] == ']') state_ = State::kClosed;
    ++at_;
  }
  return true;
}

// Index of the comma or bracket behind the element at at_, the size where the file ends behind it,
// npos within it.
size_t RowSplitter::ElementEnd() const {
  int64_t depth = 0;  // a count, not a stack: which bracket closes which is for the parser to check
  for (size_t at = at_; at < bytes_.size(); ++at) {
    switch (bytes_[at]) {
      case '"':
        at = StringEnd(bytes_, at + 1);
        if (at == std::string_view::npos) return at;
        break;
      case '{':
      case '[':
        ++depth;
        break;
      case ']':
        if (depth == 0) return at;
        [[fallthrough]];
      case '}':
        if (depth > 0) --depth;
        break;
      case ',':
        if (depth == 0) return at;
        break;
      default:
        break;
    }
  }
  return depth == 0 ? bytes_.size() : std::string_view::npos;
}

void RowSplitter::Emit(size_t end, const char* lost, RawRow* row) {
  size_t trimmed = end;
  while (trimmed > at_ && IsSpace(bytes_[trimmed - 1])) --trimmed;
  nth_on_line_ = line_ == last_line_ ? nth_on_line_ + 1 : 1;
  last_line_ = line_;
  *row = {static_cast<int64_t>(at_), static_cast<int64_t>(trimmed - at_), line_, nth_on_line_,
          lost};
  line_ += std::count(bytes_.begin() + at_, bytes_.begin() + end, '\n');
  at_ = end;
}

void RowSplitter::SkipSpace() {
  for (; at_ < bytes_.size() && IsSpace(bytes_[at_]); ++at_) line_ += bytes_[at_] == '\n';
}

}  // namespace rsr
