#include "data/byte_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "rsr/error.h"

namespace rsr {
namespace {

class MappedSource : public ByteSource {
 public:
  explicit MappedSource(const MappedFile& file) : file_(file) {}

  size_t Read(char* to, size_t most) override {
    constexpr size_t kDropEvery = size_t{16} << 20;
    const size_t size = std::min(most, file_.bytes().size() - at_);
    if (size > 0) std::memcpy(to, file_.bytes().data() + at_, size);
    at_ += size;
    if (at_ - dropped_ >= kDropEvery) file_.DropBefore(dropped_ = at_);
    return size;
  }

 private:
  const MappedFile& file_;
  size_t at_ = 0, dropped_ = 0;
};

class DescriptorSource : public ByteSource {
 public:
  DescriptorSource(int descriptor, std::string name)
      : descriptor_(descriptor), name_(std::move(name)) {}

  size_t Read(char* to, size_t most) override {
    for (;;) {
      const ssize_t size = read(descriptor_, to, most);
      if (size >= 0) return static_cast<size_t>(size);
      if (errno == EINTR) continue;
      throw Error(
          fmt::format("{}: cannot be read: {}", name_, std::generic_category().message(errno)),
          "pipe the data in, or name a file");
    }
  }

 private:
  int descriptor_;
  std::string name_;
};

}  // namespace

std::unique_ptr<ByteSource> ReadMapped(const MappedFile& file) {
  return std::make_unique<MappedSource>(file);
}

std::unique_ptr<ByteSource> ReadDescriptor(int descriptor, std::string name) {
  return std::make_unique<DescriptorSource>(descriptor, std::move(name));
}

std::string_view PeekedSource::Head() {
  constexpr size_t kHead = 512;
  head_.resize(kHead);
  size_t size = 0;
  try {
    while (size < kHead) {
      const size_t more = source_->Read(head_.data() + size, kHead - size);
      if (more == 0) break;
      size += more;
    }
  } catch (const DamagedInput&) {
    // Told when the bytes are read: a damaged source throws again.
  }
  head_.resize(size);
  return head_;
}

size_t PeekedSource::Read(char* to, size_t most) {
  if (taken_ == head_.size()) return source_->Read(to, most);
  const size_t size = std::min(most, head_.size() - taken_);
  std::memcpy(to, head_.data() + taken_, size);
  taken_ += size;
  return size;
}

}  // namespace rsr
