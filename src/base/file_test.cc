#include "base/file.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "rsr/error.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileTest : public testing::Test {
 protected:
  FileTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = fs::path(testing::TempDir()) / (std::to_string(getpid()) + test->name());
    fs::create_directories(dir_);
  }
  ~FileTest() override { fs::remove_all(dir_); }

  std::string Path(const std::string& name) const { return (dir_ / name).string(); }
  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
    return Path(name);
  }
  template <typename F>
  static Error Caught(F f) {
    try {
      f();
    } catch (const Error& error) {
      return error;
    }
    return Error("nothing was thrown");
  }

  fs::path dir_;
};

TEST_F(FileTest, MapsAndReads) {
  const std::string bytes("line\r\n\0end", 10);
  const std::string path = Write("a", bytes);
  MappedFile file(path);
  EXPECT_EQ(file.bytes(), bytes);
  MappedFile moved = std::move(file);
  EXPECT_EQ(moved.bytes(), bytes);
  EXPECT_EQ(moved.path(), path);
  moved.DropBefore(100);
  EXPECT_EQ(moved.bytes(), bytes);
  EXPECT_EQ(ReadFile(path), bytes);
  EXPECT_EQ(ReadFile(Write("empty", "")), "");
}

TEST_F(FileTest, UnreadableFilesAreNamed) {
  Write("chats.jsonl", "{}");
  const Error missing = Caught([&] { MappedFile file(Path("chat.jsonl")); });
  EXPECT_EQ(missing.message(), Path("chat.jsonl") + ": no such file");
  EXPECT_EQ(missing.hint(), "did you mean '" + Path("chats.jsonl") + "'?");
  EXPECT_THAT(Caught([&] { MappedFile file(Path("no/such/place")); }).hint(),
              HasSubstr("current directory"));
  EXPECT_THAT(Caught([&] { MappedFile file(dir_.string()); }).message(),
              HasSubstr("is a directory"));
  EXPECT_THAT(Caught([&] { MappedFile file("/dev/null"); }).message(),
              HasSubstr("not a regular file"));
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(Caught([&] { MappedFile file(Path("fifo")); }).message(),
              HasSubstr("not a regular file"));
}

TEST_F(FileTest, WritesAtomically) {
  WriteFileAtomic(Path("out"), "first");
  WriteFileAtomic(Path("out"), "second");
  EXPECT_EQ(ReadFile(Path("out")), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 1);

  EXPECT_THAT(Caught([&] { WriteFileAtomic(Path("no/out"), "x"); }).hint(),
              HasSubstr("does not exist"));
  fs::create_directory(Path("dir"));
  EXPECT_THAT(Caught([&] { WriteFileAtomic(Path("dir"), "x"); }).message(),
              HasSubstr("Is a directory"));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 2);
}

// Mounts a file system of 64 kB over `dir` for this process alone. False where that is not allowed.
bool MountSmallDisk(const std::string& dir) {
  const std::string user = std::to_string(getuid()), group = std::to_string(getgid());
  if (unshare(CLONE_NEWNS) != 0) {  // not root
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << user << " " << user << " 1";
    std::ofstream("/proc/self/gid_map") << group << " " << group << " 1";
  }
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", dir.c_str(), "tmpfs", 0, "size=64k") == 0;
}

TEST_F(FileTest, FullDiskIsReportedAndLeavesTheOldFile) {
  constexpr int kSkipped = 77;
  const pid_t child = fork();
  if (child == 0) {
    if (!MountSmallDisk(dir_.string())) _exit(kSkipped);
    const Error error = Caught([&] {
      WriteFileAtomic(Path("out"), "old");
      WriteFileAtomic(Path("out"), std::string(1 << 20, 'x'));
    });
    EXPECT_EQ(error.message(), Path("out") + ": cannot be written: No space left on device");
    EXPECT_THAT(error.hint(), HasSubstr("free some space in " + dir_.string()));
    EXPECT_EQ(Caught([&] { EXPECT_EQ(ReadFile(Path("out")), "old"); }).message(),
              "nothing was thrown");
    EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 1);
    _exit(HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(FileTest, MakesDirectories) {
  MakeDirectories(Path("a/b/c"));
  MakeDirectories(Path("a/b/c"));
  EXPECT_TRUE(fs::is_directory(Path("a/b/c")));
  Write("file", "");
  EXPECT_THAT(Caught([&] { MakeDirectories(Path("file/x")); }).hint(), HasSubstr("in the way"));
  EXPECT_THAT(Caught([&] { MakeDirectories(Path("file")); }).hint(), HasSubstr("in the way"));
}

TEST_F(FileTest, Syncs) {
  SyncPath(Write("a", "a"));
  SyncPath(dir_.string());
  EXPECT_THAT(Caught([&] { SyncPath(Path("none")); }).message(), HasSubstr("no such file"));
}

// Expected values: xxh128sum.
TEST_F(FileTest, HashesAsXxh128sum) {
  EXPECT_EQ(HashBytes(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(HashBytes("abc"), "06b05ab6733a618578af5f94892f3950");
  EXPECT_EQ(HashFile(Write("empty", "")), HashBytes(""));
  // Longer than one piece of HashFile, and not a multiple of it.
  std::string large(40'000'001, '\0');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i >> 7);
  EXPECT_EQ(HashFile(Write("large", large)), HashBytes(large));
  EXPECT_THAT(Caught([&] { HashFile(Path("none")); }).message(), HasSubstr("no such file"));
}

}  // namespace
}  // namespace rsr
