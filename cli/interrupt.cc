#include "cli/interrupt.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string_view>

namespace rsr::cli {
namespace {

// Senders like timeout(1) signal the program and then its group: two signals for one request.
constexpr int64_t kSameRequestMs = 500;

// Lock-free, so that the handler may touch them and other threads may read them.
std::atomic<int> first_signal{0};
std::atomic<int64_t> first_ms{0};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<int64_t>::is_always_lock_free);

constexpr int kSignals[] = {SIGINT, SIGTERM};
struct sigaction previous[2];

int64_t NowMs() {
  timespec now = {};  // since the machine started: never 0
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

void Write(std::string_view text) { (void)!write(STDERR_FILENO, text.data(), text.size()); }

// Only calls that are safe in a signal handler.
void Handle(int signal) {
  const int saved_errno = errno;
  int64_t before = 0;
  const bool first = first_ms.compare_exchange_strong(before, NowMs());
  if (first || NowMs() - before >= kSameRequestMs) {
    if (isatty(STDERR_FILENO)) Write("\r\x1b[K");  // the progress bar may be on the line
    if (!first) _exit(128 + signal);
    first_signal = signal;
    Write("interrupted: finishing the trajectories in flight; once more to quit at once\n");
  }
  errno = saved_errno;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  first_signal = 0;
  first_ms = 0;
  for (int i = 0; i < 2; ++i) {
    sigaction(kSignals[i], nullptr, &previous[i]);
    if (previous[i].sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = Handle;
    action.sa_flags = SA_RESTART;
    // One at a time: the other signal waits until the handler is through.
    for (const int signal : kSignals) sigaddset(&action.sa_mask, signal);
    sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (int i = 0; i < 2; ++i) sigaction(kSignals[i], &previous[i], nullptr);
}

bool InterruptGuard::Requested() { return first_signal != 0; }

int InterruptGuard::ExitStatus() { return 128 + first_signal; }

}  // namespace rsr::cli
