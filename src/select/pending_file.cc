#include "select/pending_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "rsr/error.h"

namespace rsr {

PendingFile::PendingFile(const std::string& path)
    : path_(path),
      temporary_(fmt::format("{}.{}.tmp", path, getpid())),
      file_(fopen(temporary_.c_str(), "wb")) {
  if (!file_) Fail();
}

PendingFile::~PendingFile() {
  if (file_) fclose(file_);
  if (!committed_) std::remove(temporary_.c_str());
}

void PendingFile::Write(std::string_view bytes) {
  if (fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) Fail();
}

MappedFile PendingFile::Map() {
  if (fflush(file_) != 0) Fail();
  return MappedFile(temporary_);
}

void PendingFile::Commit() {
  const bool closed = fclose(std::exchange(file_, nullptr)) == 0;
  if (!closed) Fail();
  SyncPath(temporary_);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) Fail();
  committed_ = true;
}

void PendingFile::Fail() const {
  const char* reason = std::strerror(errno);
  throw Error(fmt::format("cannot write {}: {}", path_, reason),
              "choose a directory that is writable and has space");
}

}  // namespace rsr
