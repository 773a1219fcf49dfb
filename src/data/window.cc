#include "data/window.h"

#include <cstring>

namespace rsr {
namespace {

// Large enough that reading costs nothing beside parsing, small enough for the caches.
constexpr size_t kPiece = size_t{256} << 10;

}  // namespace

Window::Window(std::string_view whole)
    : data_(whole.data()), end_(static_cast<int64_t>(whole.size())) {}

Window::Window(std::unique_ptr<ByteSource> source)
    : source_(std::move(source)),
      buffer_(std::make_unique_for_overwrite<char[]>(2 * kPiece)),
      size_(2 * kPiece) {
  data_ = buffer_.get();
}

bool Window::More() {
  if (source_ == nullptr) return false;
  const auto held = static_cast<size_t>(end_ - begin_);
  if (static_cast<size_t>(data_ - buffer_.get()) + held + kPiece > size_) MakeRoom(held);
  char* const to = buffer_.get() + (data_ - buffer_.get()) + held;
  try {
    const size_t size = source_->Read(to, kPiece);
    end_ += static_cast<int64_t>(size);
    if (size > 0) return true;
  } catch (const DamagedInput& damaged) {
    damage_ = damaged.text;
  }
  source_.reset();
  return false;
}

// What is held moves to the front, of a larger buffer where more than half of this one is held.
void Window::MakeRoom(size_t held) {
  if (2 * held + kPiece > size_) {
    const size_t size = 2 * (held + kPiece);
    // Not initialised: pages that are never reached take no memory.
    auto larger = std::make_unique_for_overwrite<char[]>(size);
    std::memcpy(larger.get(), data_, held);
    buffer_ = std::move(larger);
    size_ = size;
  } else {
    std::memmove(buffer_.get(), data_, held);
  }
  data_ = buffer_.get();
}

void Window::Forget(int64_t before) {
  if (buffer_ == nullptr) return;  // mapped: the file's owner sees to it
  data_ += before - begin_;
  begin_ = before;
}

}  // namespace rsr
