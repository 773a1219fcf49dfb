#include "data/row_splitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/printable.h"

namespace rsr {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

RowSplitter::RowSplitter(Window window, int64_t max_row_bytes)
    : window_(std::move(window)), max_row_bytes_(max_row_bytes) {
  SkipSpace();
  array_ = window_.Has(at_) && window_[at_] == '[';
  if (array_) ++at_;
}

bool RowSplitter::Next(RawRow* row) {
  if (state_ == State::kEnd) return false;
  SkipSpace();
  return array_ ? NextElement(row) : NextLine(row);
}

bool RowSplitter::NextLine(RawRow* row) {
  if (!window_.Has(at_)) return !window_.damage().empty() && EmitLost(nullptr, row);
  bool too_long = false;
  const std::string head(window_.View(at_, std::min(window_.end(), at_ + 40)));
  const int64_t end = LineEnd(&too_long);
  if (!window_.Has(end) && !window_.damage().empty()) return EmitLost(nullptr, row);
  if (too_long) {
    const int64_t begin = std::exchange(at_, end);
    Emit(end, row);
    row->offset = begin;
    row->length = end - begin;
    row->reason = "row-too-long";
    row->problem = fmt::format("the row has {} bytes, expected at most {}: {}...", end - begin,
                               max_row_bytes_, Excerpt(head));
  } else {
    Emit(end, row);
  }
  return true;
}

// The newline behind at_, or the end. What is read of a row that is too long is forgotten.
int64_t RowSplitter::LineEnd(bool* too_long) {
  const int64_t begin = at_;
  for (int64_t from = at_;;) {
    const std::string_view known = window_.View(from, window_.end());
    const size_t found = known.find('\n');
    const int64_t end =
        found == std::string_view::npos ? window_.end() : from + static_cast<int64_t>(found);
    *too_long = end - begin > max_row_bytes_;
    if (found != std::string_view::npos) return end;
    if (*too_long) window_.Forget(end);
    if (!window_.More()) return end;
    from = end;
  }
}

bool RowSplitter::NextElement(RawRow* row) {
  if (state_ == State::kFirst && window_.Has(at_) && window_[at_] == ']') {
    ++at_;
    SkipSpace();
    state_ = State::kClosed;
  }
  if (state_ == State::kClosed) {
    if (window_.Has(at_)) return EmitLost("there is more behind the list's closing ]", row);
    return !window_.damage().empty() && EmitLost(nullptr, row);
  }
  const int64_t end = ElementEnd();
  if (end < 0) return EmitLost("the list element that begins here does not end", row);
  if (end - at_ > max_row_bytes_) {
    return EmitLost("the list element that begins here is longer than a row may be", row);
  }
  // Behind a last element without ] it is known only now that the list does not end.
  if (!window_.Has(at_) || (!window_.Has(end) && !window_.damage().empty())) {
    return EmitLost("the list has no closing ]", row);
  }
  Emit(end, row);
  state_ = State::kElement;
  if (window_.Has(at_)) {
    if (window_[at_] == ']') state_ = State::kClosed;
    ++at_;
  }
  return true;
}

// Index of the comma or bracket behind the element at at_, the end of the text where it ends behind
// it, -1 within it. Stops where the element is too long.
int64_t RowSplitter::ElementEnd() {
  int64_t depth = 0;  // a count, not a stack: which bracket closes which is for the parser to check
  for (int64_t at = at_; at - at_ <= max_row_bytes_; ++at) {
    if (!window_.Has(at)) return depth == 0 ? at : -1;
    switch (window_[at]) {
      case '"':
        at = StringEnd(at + 1);
        if (at < 0) return -1;
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
  return at_ + max_row_bytes_ + 1;
}

// Index of the quote that closes the string opened before `at`, or -1. Looks only at quotes and the
// backslashes before them, so that long texts go at the speed of memchr.
int64_t RowSplitter::StringEnd(int64_t at) {
  for (int64_t from = at;;) {
    const std::string_view known = window_.View(from, window_.end());
    const size_t found = known.find('"');
    if (found == std::string_view::npos) {
      from = window_.end();
      if (from - at_ > max_row_bytes_) return from;
      if (!window_.More()) return -1;
      continue;
    }
    const int64_t quote = from + static_cast<int64_t>(found);
    int64_t before = quote;
    while (before > at && window_[before - 1] == '\\') --before;
    if ((quote - before) % 2 == 0) return quote;
    from = quote + 1;
  }
}

// The rest of the text. `why`: what is wrong with it, unless the stream is damaged.
bool RowSplitter::EmitLost(const char* why, RawRow* row) {
  state_ = State::kEnd;
  constexpr int64_t kShown = 57;
  const bool more = window_.Has(at_ + kShown);
  const bool damaged = !window_.damage().empty();
  Emit(window_.end(), row);
  row->reason = damaged ? "damaged-file" : "invalid-json";
  row->problem = fmt::format("{}; the rest of the file is not read{}{}{}",
                             damaged ? window_.damage() : fmt::format("not valid JSON: {}", why),
                             row->bytes.empty() ? "" : ": ", Excerpt(row->bytes.substr(0, kShown)),
                             more ? "..." : "");
  return true;
}

void RowSplitter::Emit(int64_t end, RawRow* row) {
  int64_t trimmed = end;
  while (trimmed > at_ && IsSpace(window_[trimmed - 1])) --trimmed;
  nth_on_line_ = line_ == last_line_ ? nth_on_line_ + 1 : 1;
  last_line_ = line_;
  *row = {.offset = at_,
          .length = trimmed - at_,
          .line = line_,
          .nth_on_line = nth_on_line_,
          .bytes = window_.View(at_, trimmed)};
  if (array_) {
    const std::string_view bytes = window_.View(at_, end);
    line_ += std::count(bytes.begin(), bytes.end(), '\n');
  }
  at_ = end;
}

// Byte order marks count as space: files that were joined have them in the middle.
void RowSplitter::SkipSpace() {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  window_.Forget(at_);
  for (; window_.Has(at_); ++at_) {
    if (window_[at_] == kMark[0] && window_.Has(at_ + 2) && window_.View(at_, at_ + 3) == kMark) {
      at_ += 2;
    } else if (IsSpace(window_[at_])) {
      line_ += window_[at_] == '\n';
    } else {
      return;
    }
  }
}

}  // namespace rsr
