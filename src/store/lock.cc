#include "store/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "rsr/error.h"

namespace rsr {

RunLock::RunLock(const std::string& dir) {
  const std::string path = dir + "/.lock";
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) {
    throw Error(
        fmt::format("{}: cannot be written: {}", path, std::generic_category().message(errno)),
        "choose a directory you may write to");
  }
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error != EWOULDBLOCK) {
      close(fd_);
      throw Error(
          fmt::format("{}: cannot be locked: {}", path, std::generic_category().message(error)),
          "choose a directory on a file system that has locks, such as a local disk");
    }
    char holder[32] = {};
    const ssize_t length = read(fd_, holder, sizeof holder - 1);
    close(fd_);
    throw Error(fmt::format("{}: another rsr is writing this run (process {})", dir,
                            length > 0 ? holder : "unknown"),
                "wait for it or stop it, or use another --out");
  }
  // For the message above only: a disk too full for it is found out about soon.
  const std::string pid = std::to_string(getpid());
  [[maybe_unused]] const bool named =
      ftruncate(fd_, 0) == 0 && pwrite(fd_, pid.data(), pid.size(), 0) > 0;
}

RunLock::~RunLock() { close(fd_); }

}  // namespace rsr
