// A process of its own that answers lines with lines, and may hang or die at any of them.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace rsr {

// Threading: one thread. Its standard error is dropped. No shell: `argv` is what runs.
class LineProcess {
 public:
  // Found along PATH. Throws rsr::Error if it cannot be started.
  explicit LineProcess(std::vector<std::string> argv);
  LineProcess(const LineProcess&) = delete;
  ~LineProcess();  // kills it and what it started

  // Sends a line (no newline in it; nothing if empty) and waits for one. Nothing if none comes in
  // time, the process ended, or the line is longer than 1 MiB: it is of no more use then.
  std::optional<std::string> Exchange(const std::string& line, double timeout_s);

  bool timed_out() const { return timed_out_; }  // of the last Exchange that gave nothing

 private:
  pid_t pid_ = -1;
  int socket_ = -1;
  std::string received_;
  bool timed_out_ = false;
};

}  // namespace rsr
