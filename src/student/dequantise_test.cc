#include <fmt/format.h>
#include <ggml.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "rsr/error.h"
#include "student/gguf_file.h"
#include "student/tiny_gguf.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DequantiseTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = fmt::format("{}rsr-dequantise-{}-{}", testing::TempDir(), getpid(),
                       testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }
  GgufInfo Tiny(const TinyOptions& options = {}) {
    WriteTinyGguf(dir_ + "/tiny.gguf", options);
    return ReadGguf(dir_ + "/tiny.gguf");
  }
  std::string dir_;
};

// The bytes of every tensor of `copy` are ggml's own float32 values of the same tensor of `info`.
void ExpectSameValues(const GgufInfo& info, const GgufInfo& copy) {
  const MappedFile from(info.path), to(copy.path);
  ASSERT_EQ(copy.tensors.size(), info.tensors.size());
  for (size_t i = 0; i < info.tensors.size(); ++i) {
    const StudentTensor &a = info.tensors[i], &b = copy.tensors[i];
    ASSERT_EQ(b.name, a.name);
    ASSERT_EQ(b.shape, a.shape);
    ASSERT_EQ(b.type, "F32");
    const char* source = from.bytes().data() + a.offset;
    std::vector<float> expected(static_cast<size_t>(b.bytes) / sizeof(float));
    const auto type = static_cast<ggml_type>(a.ggml_type);
    if (type == GGML_TYPE_F32) {
      std::memcpy(expected.data(), source, static_cast<size_t>(a.bytes));
    } else {
      ggml_get_type_traits(type)->to_float(source, expected.data(),
                                           static_cast<int64_t>(expected.size()));
    }
    ASSERT_EQ(
        std::memcmp(expected.data(), to.bytes().data() + b.offset, static_cast<size_t>(b.bytes)), 0)
        << a.name;
  }
}

TEST_F(DequantiseTest, ValuesAreGgmlsOwn) {
  for (const ggml_type type : {GGML_TYPE_Q4_1, GGML_TYPE_Q8_0, GGML_TYPE_BF16, GGML_TYPE_F16}) {
    const GgufInfo info = Tiny({.type = type});
    const GgufInfo copy =
        ReadGguf(DequantisedGguf(info, fmt::format("hash{}", static_cast<int>(type)), dir_));
    ExpectSameValues(info, copy);
    EXPECT_FALSE(copy.quantised);
    EXPECT_EQ(copy.chat_template, info.chat_template);
    EXPECT_EQ(copy.kv_width, info.kv_width);
  }
}

TEST_F(DequantiseTest, DemoStudentValuesAreGgmlsOwn) {
  if (std::string(RSR_DEMO_STUDENT).empty()) GTEST_SKIP();
  const GgufInfo info = ReadGguf(RSR_DEMO_STUDENT);
  ExpectSameValues(info, ReadGguf(DequantisedGguf(info, "demo", dir_)));
}

TEST_F(DequantiseTest, IsWrittenOnceAndAgainWhenDamaged) {
  const GgufInfo info = Tiny();
  const std::string path = DequantisedGguf(info, "hash", dir_);
  EXPECT_EQ(path, dir_ + "/students/hash.f32.gguf");
  const auto written = fs::last_write_time(path);
  EXPECT_EQ(DequantisedGguf(info, "hash", dir_), path);
  EXPECT_EQ(fs::last_write_time(path), written);
  fs::resize_file(path, fs::file_size(path) / 2);
  ExpectSameValues(info, ReadGguf(DequantisedGguf(info, "hash", dir_)));
  // Nothing half-made is left.
  for (const auto& entry : fs::directory_iterator(dir_ + "/students")) {
    EXPECT_THAT(entry.path().filename().string(),
                testing::AnyOf("hash.f32.gguf", "hash.f32.gguf.lock"));
  }
}

TEST_F(DequantiseTest, Float32FileIsUsedAsItIs) {
  const GgufInfo info = ReadGguf(DequantisedGguf(Tiny(), "hash", dir_));
  EXPECT_EQ(DequantisedGguf(info, "other", dir_ + "/none"), info.path);
  EXPECT_FALSE(fs::exists(dir_ + "/none"));
}

TEST_F(DequantiseTest, ManyAtOnceWriteOneWholeFile) {
  const GgufInfo info = Tiny();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const std::string path = DequantisedGguf(info, "hash", dir_);
      ExpectSameValues(info, ReadGguf(path));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(DequantiseTest, CacheFolderComesFromTheEnvironment) {
  const GgufInfo info = Tiny();
  setenv("RSR_CACHE", (dir_ + "/one").c_str(), 1);
  EXPECT_EQ(DequantisedGguf(info, "h", ""), dir_ + "/one/students/h.f32.gguf");
  unsetenv("RSR_CACHE");
  setenv("XDG_CACHE_HOME", (dir_ + "/two").c_str(), 1);
  EXPECT_EQ(DequantisedGguf(info, "h", ""), dir_ + "/two/rsr/students/h.f32.gguf");
}

TEST_F(DequantiseTest, FullDiskIsAMessageAndLeavesNothing) {
  const GgufInfo info = Tiny();
  // A file in the way of the folder stands for every disk that cannot be written.
  std::ofstream(dir_ + "/students") << "in the way";
  EXPECT_THROW(DequantisedGguf(info, "hash", dir_), Error);
  GgufInfo huge = info;
  huge.f32_bytes = int64_t{1} << 60;
  try {
    DequantisedGguf(huge, "hash", dir_ + "/b");
    FAIL() << "2^60 bytes were found";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("the disk has"));
    EXPECT_THAT(error.hint(), HasSubstr("RSR_CACHE"));
  }
  EXPECT_FALSE(fs::exists(dir_ + "/b/students/hash.f32.gguf"));
  EXPECT_FALSE(fs::exists(dir_ + "/b/students/hash.f32.gguf.partial"));
}

}  // namespace
}  // namespace rsr
