// The built program as a child process.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace rsr {

// Starts build/rsr with these arguments; standard output goes to /dev/null. `input`: a descriptor
// for its standard input, or -1 for this process's own.
inline pid_t StartRsr(std::vector<std::string> arguments, int input = -1) {
  arguments.insert(arguments.begin(), std::string(RSR_BINARY_DIR) + "/rsr");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, 0);
  pid_t child = 0;
  const int error = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start " + arguments[0]);
  return child;
}

struct ChildEnd {
  int status = 0;  // as waitpid gives it
  int64_t peak_rss_bytes = 0;
};

inline ChildEnd WaitForRsr(pid_t child) {
  ChildEnd end;
  rusage usage = {};
  if (wait4(child, &end.status, 0, &usage) != child) throw std::runtime_error("wait4 failed");
  end.peak_rss_bytes = int64_t{usage.ru_maxrss} * 1024;
  return end;
}

}  // namespace rsr
