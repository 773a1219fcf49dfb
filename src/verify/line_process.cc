#include "verify/line_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "rsr/error.h"

extern char** environ;

namespace rsr {
namespace {

constexpr size_t kLongestLine = size_t{1} << 20;

}  // namespace

// A socket pair instead of pipes: writing to an end that is gone is an error then, not SIGPIPE.
LineProcess::LineProcess(std::vector<std::string> argv) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(fmt::format("cannot make a socket pair: {}", std::strerror(errno)));
  std::vector<char*> arguments;
  for (std::string& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own, to be killed as one; and Ctrl-C in the terminal is for rsr alone.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error =
      posix_spawnp(&pid_, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(ends[1]);
  socket_ = ends[0];
  if (error == 0) return;
  close(socket_);
  throw Error(fmt::format("cannot run {}: {}", argv[0], std::strerror(error)),
              "name a program or its path");
}

LineProcess::~LineProcess() {
  close(socket_);
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::optional<std::string> LineProcess::Exchange(const std::string& line, double timeout_s) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(timeout_s);
  const std::string request = line.empty() ? "" : line + "\n";
  size_t sent = 0;
  timed_out_ = false;
  for (;;) {
    if (const size_t newline = received_.find('\n'); newline != received_.npos) {
      std::string reply = received_.substr(0, newline);
      received_.erase(0, newline + 1);
      return reply;
    }
    const auto left = std::chrono::duration<double, std::milli>(end - Clock::now()).count();
    timed_out_ = left <= 0;
    if (timed_out_ || received_.size() > kLongestLine) return std::nullopt;
    pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
    if (sent < request.size()) ready.events |= POLLOUT;
    const int count = poll(&ready, 1, static_cast<int>(std::min(left + 1, 1e6)));
    if (count < 0 && errno != EINTR) return std::nullopt;
    if (count <= 0) continue;
    if (ready.revents & (POLLIN | POLLHUP | POLLERR)) {
      char buffer[4096];
      const ssize_t n = recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return std::nullopt;
      if (n > 0) received_.append(buffer, static_cast<size_t>(n));
    }
    if (ready.revents & POLLOUT) {
      const ssize_t n =
          send(socket_, request.data() + sent, request.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return std::nullopt;
      if (n > 0) sent += static_cast<size_t>(n);
    }
  }
}

}  // namespace rsr
