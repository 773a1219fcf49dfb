#include "base/memory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>

namespace rsr {
namespace {

class MemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fmt::format("{}rsr-memory-{}-{}", testing::TempDir(), getpid(),
                        testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path full = root_ + path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }
  std::string root_;
};

TEST_F(MemoryTest, WithoutControlGroups) {
  EXPECT_EQ(AvailableMemoryBytes(root_), std::numeric_limits<int64_t>::max());
  Write("/proc/meminfo", "MemTotal:   100 kB\nMemAvailable:    70 kB\n");
  EXPECT_EQ(AvailableMemoryBytes(root_), 70 * 1024);
}

TEST_F(MemoryTest, TheTightestGroupBinds) {
  Write("/proc/meminfo", "MemAvailable: 1000 kB\n");
  Write("/proc/self/cgroup", "0::/a/b\n");
  Write("/sys/fs/cgroup/a/b/memory.max", "max\n");
  Write("/sys/fs/cgroup/a/b/memory.current", "10\n");
  EXPECT_EQ(AvailableMemoryBytes(root_), 1000 * 1024);
  Write("/sys/fs/cgroup/a/memory.max", "5000\n");
  Write("/sys/fs/cgroup/a/memory.current", "4500\n");
  Write("/sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 300\n");
  EXPECT_EQ(AvailableMemoryBytes(root_), 800);  // page cache can be dropped
  // In a container its own group looks like the root.
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/fs/cgroup/memory.max", "3000\n");
  Write("/sys/fs/cgroup/memory.current", "3500\n");
  EXPECT_EQ(AvailableMemoryBytes(root_), 0);
}

TEST_F(MemoryTest, OldControlGroups) {
  Write("/proc/meminfo", "MemAvailable: 1000 kB\n");
  Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n");
  Write("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1000\n");
  Write("/sys/fs/cgroup/memory/memory.stat", "total_inactive_file 100\n");
  EXPECT_EQ(AvailableMemoryBytes(root_), 4100);
}

TEST_F(MemoryTest, ThisMachineHasSome) { EXPECT_GT(AvailableMemoryBytes(), 1 << 20); }

}  // namespace
}  // namespace rsr
