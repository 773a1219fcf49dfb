// Finds the rows of a text without parsing them: the lines of JSON Lines, the elements of a JSON
// array.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/window.h"

namespace rsr {

// A longer row is refused: parsed, it would take some ten times its size in memory.
inline constexpr int64_t kMaxRowBytes = int64_t{256} << 20;

struct RawRow {
  int64_t offset = 0, length = 0;  // bytes of the text, white space around the row left out
  int64_t line = 0;                // 1-based, of the first byte
  int64_t nth_on_line = 1;         // array elements may share a line
  std::string_view bytes;          // valid until the next row is asked for
  // Empty for a row to be parsed; else why these bytes are none. Where the boundaries of rows are
  // lost the rest of the file is this row.
  std::string reason, problem;
};

// The first byte that is not white space decides: `[` makes it an array. UTF-8 byte order marks in
// front of rows are skipped. Keeps nothing but the window, does not recurse.
class RowSplitter {
 public:
  explicit RowSplitter(Window window, int64_t max_row_bytes = kMaxRowBytes);

  bool Next(RawRow* row);                   // false at the end
  int64_t position() const { return at_; }  // bytes consumed

 private:
  bool NextLine(RawRow* row);
  bool NextElement(RawRow* row);
  void SkipSpace();
  int64_t LineEnd(bool* too_long);
  int64_t StringEnd(int64_t at);
  int64_t ElementEnd();
  void Emit(int64_t end, RawRow* row);  // the row is [at_, end)
  bool EmitLost(const char* why, RawRow* row);

  Window window_;
  int64_t max_row_bytes_;
  int64_t at_ = 0;
  int64_t line_ = 1, last_line_ = 0, nth_on_line_ = 0;
  bool array_ = false;
  enum class State { kFirst, kElement, kClosed, kEnd } state_ = State::kFirst;
};

}  // namespace rsr
