// One writer a run.
#pragma once

#include <string>

namespace rsr {

// Held while it lives; the kernel releases it when a process dies. Throws rsr::Error if the file
// cannot be made or another writer holds it (named by its process id).
class RunLock {
 public:
  explicit RunLock(const std::string& dir);
  RunLock(const RunLock&) = delete;
  ~RunLock();

 private:
  int fd_;
};

}  // namespace rsr
