// Ctrl-C and SIGTERM: the first asks for an orderly end, the next ends at once.
#pragma once

namespace rsr::cli {

// While one lives, SIGINT and SIGTERM set a flag and say so on stderr; another one, half a second
// later or more, exits with 128 + signal. A signal that was ignored when the program began (a
// background job of a script) stays ignored. At most one lives at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;

  static bool Requested();
  static int ExitStatus();  // 130 after SIGINT, 143 after SIGTERM
};

}  // namespace rsr::cli
