#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/nearest.h"
#include "rsr/error.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;

std::string Reason(int error) { return std::generic_category().message(error); }

// Closes on every way out; Close() reports what the kernel kept back until then (quotas, network
// file systems).
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int Close() { return close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

std::string DirectoryOf(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

std::string HintForMissing(const std::string& path) {
  const fs::path wanted(path);
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(DirectoryOf(path), error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  const std::vector<std::string> near = NearestNames(wanted.filename().string(), names, 1);
  if (near.empty()) return "check the path; it is taken relative to the current directory";
  return fmt::format("did you mean '{}'?", (wanted.parent_path() / near[0]).string());
}

[[noreturn]] void ThrowUnreadable(const std::string& path, int error) {
  if (error == ENOENT) throw Error(path + ": no such file", HintForMissing(path));
  if (error == EACCES)
    throw Error(path + ": cannot be read: permission denied", "check its owner and mode");
  throw Error(fmt::format("{}: cannot be read: {}", path, Reason(error)),
              error == ELOOP ? "it is a link that leads back to itself" : "");
}

[[noreturn]] void ThrowUnwritable(const std::string& path, int error) {
  std::string hint;
  if (error == EFBIG) {
    hint = "raise the limit of file sizes (ulimit -f), then run the same command again";
  } else if (error == ENOSPC || error == EDQUOT) {
    hint = fmt::format(
        "free some space in {} or write somewhere else, then run the same command again",
        DirectoryOf(path));
  } else if (error == EACCES || error == EPERM || error == EROFS) {
    hint = fmt::format("choose a place you may write to, or check the owner and mode of {}",
                       DirectoryOf(path));
  } else if (error == ENOENT) {
    hint = fmt::format("the directory {} does not exist", DirectoryOf(path));
  } else if (error == EISDIR) {
    hint = "a directory of this name is in the way";
  }
  throw Error(fmt::format("{}: cannot be written: {}", path, Reason(error)), hint);
}

void WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) ThrowUnwritable(path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

// A regular file, opened for reading, and its size.
std::pair<Descriptor, size_t> OpenRegular(const std::string& path) {
  // Without O_NONBLOCK a FIFO would be waited for before it can be refused.
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) ThrowUnreadable(path, errno);
  struct stat status;
  if (fstat(file.get(), &status) != 0) ThrowUnreadable(path, errno);
  if (S_ISDIR(status.st_mode)) {
    throw Error(path + ": is a directory, expected a file",
                "name the files in it, for example with a pattern");
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(path + ": is not a regular file", "write its content to a file first");
  }
  return {std::move(file), static_cast<size_t>(status.st_size)};
}

}  // namespace

MappedFile::MappedFile(const std::string& path) : path_(path) {
  const auto [file, size] = OpenRegular(path);
  size_ = size;
  if (size_ == 0) return;
  void* data = mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
  if (data == MAP_FAILED) ThrowUnreadable(path, errno);
  data_ = static_cast<const char*>(data);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  path_.swap(other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
}

void MappedFile::DropBefore(size_t offset) const {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t length = std::min(offset, size_) / page * page;
  if (length > 0) madvise(const_cast<char*>(data_), length, MADV_DONTNEED);
}

void MappedFile::Drop(size_t begin, size_t end) const {
  // A page fault maps the pages of an aligned window of this size that are in the page cache
  // (fault_around_bytes of Linux).
  constexpr size_t kWindow = size_t{64} << 10;
  const auto base = reinterpret_cast<uintptr_t>(data_);
  const uintptr_t from = std::max(base, (base + begin) / kWindow * kWindow);
  const uintptr_t to = std::min(base + size_, (base + end + kWindow - 1) / kWindow * kWindow);
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

void ReadPieces(const std::string& path, const std::function<void(std::string_view)>& visit) {
  const auto [file, size] = OpenRegular(path);
  // 64 kB and 16 MB cost a tenth and a quarter more (a hash over warm files, Zen 5).
  constexpr size_t kPiece = size_t{256} << 10;
  const auto piece = std::make_unique_for_overwrite<char[]>(kPiece);
  while (true) {
    const ssize_t got = read(file.get(), piece.get(), kPiece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowUnreadable(path, errno);
    if (got == 0) return;
    visit({piece.get(), static_cast<size_t>(got)});
  }
}

std::string ReadFile(const std::string& path) { return std::string(MappedFile(path).bytes()); }

namespace {

// `write(fd)` fills a temporary file beside `path`, which then takes its place.
template <class F>
void ReplaceFile(const std::string& path, F&& write) {
  static std::atomic<int> counter{0};
  const std::string temporary = fmt::format("{}.tmp-{}-{}", path, getpid(), counter++);
  try {
    Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.get() < 0) ThrowUnwritable(path, errno);
    write(file.get());
    if (fsync(file.get()) != 0) ThrowUnwritable(path, errno);
    if (file.Close() != 0) ThrowUnwritable(path, errno);
    if (rename(temporary.c_str(), path.c_str()) != 0) ThrowUnwritable(path, errno);
  } catch (...) {
    unlink(temporary.c_str());
    throw;
  }
  SyncPath(DirectoryOf(path));
}

}  // namespace

void WriteFileAtomic(const std::string& path, std::string_view bytes) {
  ReplaceFile(path, [&](int fd) { WriteAll(fd, bytes, path); });
}

void CopyToFile(int descriptor, const std::string& path) {
  ReplaceFile(path, [&](int fd) {
    std::vector<char> buffer(size_t{1} << 20);
    for (;;) {
      const ssize_t size = read(descriptor, buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) ThrowUnreadable(fmt::format("file descriptor {}", descriptor), errno);
      if (size == 0) return;
      WriteAll(fd, {buffer.data(), static_cast<size_t>(size)}, path);
    }
  });
}

void MakeDirectories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return;
  throw Error(fmt::format("{}: the directory cannot be made: {}", path, error.message()),
              error == std::errc::not_a_directory || error == std::errc::file_exists
                  ? "a file of this name is in the way"
                  : "choose a place you may write to");
}

void SyncPath(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) ThrowUnreadable(path, errno);
  // EINVAL: this kind of file system has nothing to flush.
  if (fsync(file.get()) != 0 && errno != EINVAL) ThrowUnwritable(path, errno);
}

}  // namespace rsr
