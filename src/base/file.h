// Files: mapped for reading, written under another name and renamed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rsr {

// A whole regular file mapped read-only. Movable. Throws rsr::Error naming the path if it is
// missing, a directory or unreadable. An empty file gives an empty view. A file that another
// program cuts short while it is mapped ends this process with SIGBUS.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::string_view bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

  // Gives the memory of the bytes before `offset` back; they are read from the disk again when
  // touched.
  void DropBefore(size_t offset) const;
  // The same of the bytes [begin, end) and what the kernel may have mapped around them.
  void Drop(size_t begin, size_t end) const;

 private:
  std::string path_;
  const char* data_ = nullptr;
  size_t size_ = 0;
};

// The bytes of a regular file in order, in pieces that stay in the processor's cache; to look at
// each byte once this costs less than mapping it. Throws rsr::Error as MappedFile does.
void ReadPieces(const std::string& path, const std::function<void(std::string_view)>& visit);

std::string ReadFile(const std::string& path);  // throws rsr::Error

// Writes `bytes` to a temporary file beside `path`, flushes it to the disk and renames it. Throws
// rsr::Error (disk full, not writable) and then leaves `path` as it was. A process killed meanwhile
// leaves `path`.tmp-PID-N behind.
void WriteFileAtomic(const std::string& path, std::string_view bytes);

// What is read from `descriptor` up to its end (a pipe's, for instance), into `path` in the same
// way.
void CopyToFile(int descriptor, const std::string& path);

void MakeDirectories(const std::string& path);  // like mkdir -p; throws rsr::Error

// Flushes a file's or directory's content to the disk (fsync); for a rename to survive a power cut.
void SyncPath(const std::string& path);

}  // namespace rsr
