// The bytes a splitter looks at: all of a mapped file, or a piece of a stream that grows forward on
// demand and forgets what lies behind.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "data/byte_source.h"

namespace rsr {

// Places are counted from the beginning of the file or (decompressed) stream. Views are valid until
// the next call that reads on or forgets.
class Window {
 public:
  explicit Window(std::string_view whole);  // must outlive it
  explicit Window(std::unique_ptr<ByteSource> source);

  // Whether there is a byte `at`, which is at least begin(); reads on up to it.
  bool Has(int64_t at) {
    while (at >= end_) {
      if (!More()) return false;
    }
    return true;
  }
  char operator[](int64_t at) const { return data_[at - begin_]; }  // one that is known
  std::string_view View(int64_t from, int64_t to) const {
    return {data_ + (from - begin_), static_cast<size_t>(to - from)};
  }
  int64_t begin() const { return begin_; }
  int64_t end() const { return end_; }  // behind the last byte known so far

  bool More();                  // reads some; false at the end, also before damage
  void Forget(int64_t before);  // they need not be kept

  // Why the stream ends where it does, if not because it is over; for people.
  const std::string& damage() const { return damage_; }

 private:
  void MakeRoom(size_t held);

  const char* data_;  // of byte begin_
  int64_t begin_ = 0, end_ = 0;
  std::unique_ptr<ByteSource> source_;  // null: all is there
  std::unique_ptr<char[]> buffer_;      // null: mapped; else data_ points into it
  size_t size_ = 0;                     // of the buffer
  std::string damage_;
};

}  // namespace rsr
