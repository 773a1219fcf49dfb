#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>

namespace rsr::cli {
namespace {

// Lock-free, so that the handler may touch it and other threads may read it.
std::atomic<int> first_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

constexpr int kSignals[] = {SIGINT, SIGTERM};
struct sigaction previous[2];

void Handle(int signal) {
  const int saved_errno = errno;
  int none = 0;
  // "\r\x1b[K" on a terminal: the progress bar may be on the line.
  const bool terminal = isatty(STDERR_FILENO);
  const std::string_view clear = terminal ? "\r\x1b[K" : "";
  (void)!write(STDERR_FILENO, clear.data(), clear.size());
  if (!first_signal.compare_exchange_strong(none, signal)) _exit(128 + signal);
  constexpr std::string_view kNote =
      "interrupted: finishing the trajectories in flight; once more to quit at once\n";
  (void)!write(STDERR_FILENO, kNote.data(), kNote.size());
  errno = saved_errno;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  first_signal = 0;
  for (int i = 0; i < 2; ++i) {
    sigaction(kSignals[i], nullptr, &previous[i]);
    if (previous[i].sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = Handle;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (int i = 0; i < 2; ++i) sigaction(kSignals[i], &previous[i], nullptr);
}

bool InterruptGuard::Requested() { return first_signal != 0; }

int InterruptGuard::ExitStatus() { return 128 + first_signal; }

}  // namespace rsr::cli
