#include "base/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

namespace rsr {
namespace {

constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();

// The number after `key` in a file of `key number` lines.
int64_t Field(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    int64_t value;
    if (words >> name >> value && name == key) return value;
  }
  return kUnknown;
}

// A file that is one number; "max" and absent files are kUnknown.
int64_t Number(const std::string& path) {
  std::ifstream file(path);
  int64_t value;
  return file >> value ? value : kUnknown;
}

// What one control group leaves: its limit less what is in use and cannot be dropped.
int64_t Left(int64_t limit, int64_t used, int64_t droppable) {
  if (limit == kUnknown || used == kUnknown) return kUnknown;
  return std::max<int64_t>(0, limit - used + (droppable == kUnknown ? 0 : droppable));
}

int64_t CgroupV2(const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  int64_t least = kUnknown;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("0::")) continue;
    // A parent's limit binds as well.
    for (std::string group = line.substr(3);; group.resize(group.rfind('/'))) {
      if (group == "/") group.clear();
      const std::string folder = root + "/sys/fs/cgroup" + group;
      least =
          std::min(least, Left(Number(folder + "/memory.max"), Number(folder + "/memory.current"),
                               Field(folder + "/memory.stat", "inactive_file")));
      if (group.empty()) return least;
    }
  }
  return least;
}

int64_t CgroupV1(const std::string& root) {
  const std::string folder = root + "/sys/fs/cgroup/memory";
  return Left(Number(folder + "/memory.limit_in_bytes"), Number(folder + "/memory.usage_in_bytes"),
              Field(folder + "/memory.stat", "total_inactive_file"));
}

}  // namespace

int64_t AvailableMemoryBytes(const std::string& root) {
  const int64_t kilobytes = Field(root + "/proc/meminfo", "MemAvailable:");
  const int64_t machine = kilobytes == kUnknown ? kUnknown : kilobytes * 1024;
  return std::min({machine, CgroupV2(root), CgroupV1(root)});
}

int64_t RssBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

int64_t PeakRssBytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;  // Linux counts in KiB
}

}  // namespace rsr
