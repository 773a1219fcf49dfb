// Finds the rows of a file without parsing them: the lines of JSON Lines, the elements of a JSON
// array.
#pragma once

#include <cstdint>
#include <string_view>

namespace rsr {

struct RawRow {
  int64_t offset = 0, length = 0;  // bytes of the file, white space around the row left out
  int64_t line = 0;                // 1-based, of the first byte
  int64_t nth_on_line = 1;         // array elements may share a line
  const char* lost =
      nullptr;  // why no row can be found from here on; the rest of the file is this row
};

// The first byte that is not white space decides: `[` makes it an array. A UTF-8 byte order mark
// before it is skipped. Keeps nothing, does not recurse. `bytes` must outlive it.
class RowSplitter {
 public:
  explicit RowSplitter(std::string_view bytes);

  bool Next(RawRow* row);                                         // false at the end
  int64_t position() const { return static_cast<int64_t>(at_); }  // bytes consumed

 private:
  bool NextLine(RawRow* row);
  bool NextElement(RawRow* row);
  void SkipSpace();
  void Emit(size_t end, const char* lost, RawRow* row);  // the row is [at_, end)
  size_t ElementEnd() const;

  std::string_view bytes_;
  size_t at_ = 0;
  int64_t line_ = 1, last_line_ = 0, nth_on_line_ = 0;
  bool array_ = false;
  enum class State { kFirst, kElement, kClosed, kEnd } state_ = State::kFirst;
};

}  // namespace rsr
