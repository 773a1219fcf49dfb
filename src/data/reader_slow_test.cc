#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "data/data_testing.h"
#include "data/reader.h"
#include "data/row_splitter.h"

namespace rsr {
namespace {

using testing::HasSubstr;

// Peak resident memory of this process, kilobytes.
int64_t PeakKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return -1;
}

TEST(ReaderMemory, DoesNotGrowWithTheFile) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer keeps freed memory";
#endif
  const std::string path =
      testing::TempDir() + "/reader_memory" + std::to_string(getpid()) + ".jsonl";
  const std::string row =
      R"({"messages": [{"role": "assistant", "content": ")" + std::string(100'000, 'x') + "\"}]}\n";
  {
    std::ofstream file(path);
    for (int i = 0; i < 5000; ++i) file << row;
  }
  const int64_t before = PeakKilobytes();
  EXPECT_EQ(ScanInputs({.files = {path}}).at(0).rows, 5000);
  TrajectoryReader reader({path});
  for (ReadItem item; reader.Next(&item);) EXPECT_TRUE(std::holds_alternative<Trajectory>(item));
  const int64_t grown = PeakKilobytes() - before;
  std::filesystem::remove(path);
  RecordProperty("grown_kilobytes", static_cast<int>(grown));
  EXPECT_LT(grown, 64 << 10) << "reading 500 MB";
}

// A small file that decompresses to gigabytes of one row.
TEST(ReaderMemory, AGzipBombIsRefusedWithinBounds) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer keeps freed memory";
#endif
  const std::string path =
      testing::TempDir() + "/reader_bomb" + std::to_string(getpid()) + ".jsonl.gz";
  {
    const std::string member = Gzip(std::string(100'000'000, 'x'));
    std::ofstream file(path);
    file << Gzip(Chat() + "\n");
    for (int i = 0; i < 20; ++i) file << member;
    file << Gzip("\n" + Chat());
  }
  EXPECT_LT(std::filesystem::file_size(path), 3'000'000);
  const int64_t before = PeakKilobytes();
  TrajectoryReader reader({path});
  ReadItem item;
  ASSERT_TRUE(reader.Next(&item));
  EXPECT_TRUE(std::holds_alternative<Trajectory>(item));
  ASSERT_TRUE(reader.Next(&item));
  EXPECT_EQ(std::get<Rejection>(item).reason, "row-too-long");
  EXPECT_THAT(std::get<Rejection>(item).message, HasSubstr(":2: the row has 2000000000 bytes"));
  ASSERT_TRUE(reader.Next(&item));
  EXPECT_TRUE(std::holds_alternative<Trajectory>(item));
  EXPECT_FALSE(reader.Next(&item));
  const int64_t grown = PeakKilobytes() - before;
  std::filesystem::remove(path);
  RecordProperty("grown_kilobytes", static_cast<int>(grown));
  EXPECT_LT(grown, 2 * (kMaxRowBytes >> 10)) << "reading 2 GB out of 3 MB";
}

}  // namespace
}  // namespace rsr
