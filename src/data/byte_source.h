// Bytes of an input from front to back: a mapped file, a pipe, and what is decompressed out of
// either.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"

namespace rsr {

// Thrown where the bytes that were read are whole, but none can follow: a compressed stream that is
// damaged or cut off. Caught where rows are made of the bytes.
struct DamagedInput {
  std::string text;  // for people, without the file's name
};

// Threading: one thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Up to `most` (at least 1) bytes, 0 at the end. Throws DamagedInput; rsr::Error where the
  // operating system fails.
  virtual size_t Read(char* to, size_t most) = 0;
};

// The bytes of `file`, which must outlive it; gives the memory of what was read back.
std::unique_ptr<ByteSource> ReadMapped(const MappedFile& file);

// What comes out of a pipe, terminal or file descriptor that stays open. `name`: for messages.
std::unique_ptr<ByteSource> ReadDescriptor(int descriptor, std::string name);

// Looks at the first bytes of a source before they are read.
class PeekedSource : public ByteSource {
 public:
  explicit PeekedSource(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
  std::string_view Head();  // 512 bytes, or all there are; before the first Read. Throws as Read
  size_t Read(char* to, size_t most) override;

 private:
  std::unique_ptr<ByteSource> source_;
  std::string head_;
  size_t taken_ = 0;
};

}  // namespace rsr
