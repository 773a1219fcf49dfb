#include "student/gguf_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/file.h"
#include "rsr/error.h"
#include "student/tiny_gguf.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;

class GgufFileTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = fmt::format("{}rsr-gguf-{}-{}", testing::TempDir(), getpid(),
                       testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::string Tiny(const TinyOptions& options = {}) {
    const std::string path = dir_ + "/tiny.gguf";
    WriteTinyGguf(path, options);
    return path;
  }
  std::string Write(const std::string& bytes) {
    const std::string path = dir_ + "/model";
    std::filesystem::remove(path);  // ext4 flushes a file that is truncated and written anew
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static Error Caught(const std::string& path) {
    try {
      ReadGguf(path);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << path << " was read";
    return Error("");
  }

  std::string dir_;
};

TEST_F(GgufFileTest, ReadsWhatTheHeaderSays) {
  const std::string path = Tiny();
  const GgufInfo info = ReadGguf(path);
  EXPECT_EQ(info.path, path);
  EXPECT_EQ(info.file_bytes(), static_cast<int64_t>(std::filesystem::file_size(path)));
  EXPECT_EQ(info.architecture, "llama");
  EXPECT_EQ(info.name, "tiny");
  EXPECT_EQ(info.tokenizer_model, "gpt2");
  EXPECT_EQ(info.pre_tokenizer, "smollm");
  EXPECT_EQ(info.chat_template, "{{ messages }}");
  EXPECT_EQ(info.context_length, 128);
  EXPECT_EQ(info.layers, 2);
  EXPECT_EQ(info.width, kTinyWidth);
  EXPECT_EQ(info.heads, 4);
  EXPECT_EQ(info.vocab, kTinyVocab);
  EXPECT_EQ(info.kv_width, 2 * 2 * (16 + 16));  // layers x KV heads x (key + value)
  EXPECT_EQ(info.parameters, kTinyWidth * (kTinyVocab + 1 + 3));
  EXPECT_EQ(info.f32_bytes, 4 * info.parameters);
  EXPECT_TRUE(info.quantised);
  ASSERT_EQ(info.tensors.size(), 3u);
  EXPECT_EQ(info.tensors[0].name, "token_embd.weight");
  EXPECT_EQ(info.tensors[0].type, "Q4_1");
  EXPECT_EQ(info.tensors[0].shape, (std::vector<int64_t>{kTinyVocab, kTinyWidth}));
  EXPECT_EQ(info.tensors[0].bytes, kTinyVocab * kTinyWidth / 32 * 20);
  EXPECT_EQ(info.tensors[1].shape, (std::vector<int64_t>{kTinyWidth}));
}

TEST_F(GgufFileTest, NamesWhatAFileIsThatIsNotGguf) {
  const std::pair<std::string, const char*> cases[] = {
      {std::string("\x10\x02\0\0\0\0\0\0{\"__metadata__\":{}}", 26), "safetensors"},
      {std::string("PK\x03\x04\x00\x00more", 10), "PyTorch"},
      {"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"},
      {"<!DOCTYPE html><html>", "web page"},
      {"{\"a\": 1}", "JSON"},
      {"ggml is not it", "'ggml'"},
  };
  for (const auto& [bytes, expected] : cases) {
    const Error error = Caught(Write(bytes));
    EXPECT_THAT(error.message(), HasSubstr(std::string("not a GGUF model but ")));
    EXPECT_THAT(error.message(), HasSubstr(expected));
    EXPECT_NE(error.hint(), "");
  }
}

TEST_F(GgufFileTest, RefusesEmptyMissingAndDirectory) {
  EXPECT_THAT(Caught(Write("")).message(), HasSubstr("is empty"));
  EXPECT_THAT(Caught(dir_ + "/absent").message(), HasSubstr("no such file"));
  EXPECT_THAT(Caught(dir_).message(), HasSubstr("directory"));
}

TEST_F(GgufFileTest, RefusesOtherVersions) {
  std::string bytes = ReadFile(Tiny());
  bytes[4] = 1;
  EXPECT_THAT(Caught(Write(bytes)).message(), HasSubstr("version 2 or 3 expected, got 1"));
  bytes[4] = 0, bytes[7] = 3;
  EXPECT_THAT(Caught(Write(bytes)).message(), HasSubstr("byte order"));
}

TEST_F(GgufFileTest, RefusesCountsAndSizesThatCannotBe) {
  const std::string whole = ReadFile(Tiny());
  const auto refusal = [&](size_t at, uint64_t value) {
    std::string bytes = whole;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return Caught(Write(bytes)).message();
  };
  constexpr size_t kTensors = 8, kKeys = 16, kFirstKeyLength = 24;
  for (const uint64_t many : {uint64_t{1} << 40, uint64_t{1} << 62, ~uint64_t{0}}) {
    EXPECT_THAT(refusal(kTensors, many), HasSubstr("the GGUF header cannot be read")) << many;
    EXPECT_THAT(refusal(kKeys, many), HasSubstr("the GGUF header cannot be read")) << many;
    EXPECT_THAT(refusal(kFirstKeyLength, many), HasSubstr("string length")) << many;
  }
  // A tensor's number of dimensions (four bytes) and its dimensions lie behind its name.
  const std::string name = "token_embd.weight";
  const size_t dimensions = whole.find(name) + name.size() + 4;
  EXPECT_THAT(refusal(dimensions, uint64_t{1} << 62), HasSubstr("may cause overflow"));
  EXPECT_THAT(refusal(dimensions, ~uint64_t{0}), HasSubstr("invalid number of elements"));
  EXPECT_THAT(refusal(dimensions + 8, uint64_t{1} << 40), HasSubstr("has offset"));
  EXPECT_THAT(refusal(dimensions - 4, 1000), HasSubstr("invalid number of dimensions"));
}

TEST_F(GgufFileTest, RefusesModelsWithNothingToScoreWith) {
  EXPECT_THAT(Caught(Tiny({.tensors = false})).message(), HasSubstr("no tensors"));
  EXPECT_THAT(Caught(Tiny({.vocabulary = false})).message(), HasSubstr("no vocabulary"));
  EXPECT_THAT(Caught(Tiny({.parts = 3})).message(), HasSubstr("one of the 3 parts"));
}

TEST_F(GgufFileTest, EveryCutIsAMessage) {
  const std::string bytes = ReadFile(Tiny());
  const GgufInfo info = ReadGguf(dir_ + "/tiny.gguf");
  // The last tensor may be followed by padding that nothing reads.
  const size_t needed = static_cast<size_t>(info.tensors.back().offset + info.tensors.back().bytes);
  for (size_t length = 1; length < needed; ++length) {
    const std::string path = Write(bytes.substr(0, length));
    const Error error = Caught(path);
    EXPECT_THAT(error.message() + error.hint(), HasSubstr("cut short")) << length;
    if (length < 4) continue;
    if (length > static_cast<size_t>(info.tensors[0].offset)) {
      EXPECT_THAT(error.message(), HasSubstr(fmt::format("has {}", length)));
    }
  }
  EXPECT_THAT(Caught(Write(bytes.substr(0, needed - 1))).message(),
              HasSubstr(fmt::format("needs {} bytes", needed)));
  EXPECT_NO_THROW(ReadGguf(Write(bytes.substr(0, needed))));
}

// Under ASan and UBSan this is a small fuzzer. Only the header is touched: tensor data cannot harm.
TEST_F(GgufFileTest, FlippedHeaderBytesAreReadOrRefused) {
  const std::string bytes = ReadFile(Tiny());
  const size_t header = static_cast<size_t>(ReadGguf(dir_ + "/tiny.gguf").tensors[0].offset);
  std::mt19937 random(7);
  int refused = 0;
  constexpr int kRounds = 6000;
  for (int round = 0; round < kRounds; ++round) {
    std::string changed = bytes;
    for (unsigned flips = 1 + random() % 3; flips > 0; --flips) {
      const size_t at = 4 + random() % (header - 4);
      // Half of them extremes: those overflow sizes.
      const char extremes[] = {0, 1, '\x7f', '\x80', '\xff'};
      changed[at] = random() % 2 == 0 ? extremes[random() % 5] : static_cast<char>(random());
    }
    try {
      ReadGguf(Write(changed));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, kRounds / 20);  // or the flips do not reach anything
  EXPECT_LT(refused, kRounds);
}

TEST_F(GgufFileTest, ReadsTheDemoStudent) {
  if (std::string(RSR_DEMO_STUDENT).empty()) GTEST_SKIP();
  const GgufInfo info = ReadGguf(RSR_DEMO_STUDENT);
  EXPECT_EQ(info.architecture, "llama");
  EXPECT_EQ(info.vocab, 49152);
  EXPECT_EQ(info.width, 576);
  EXPECT_EQ(info.layers, 30);
  EXPECT_EQ(info.parameters, 134515008);
  EXPECT_EQ(info.kv_width, 30 * 3 * (64 + 64));
  EXPECT_THAT(info.chat_template, HasSubstr("im_start"));
}

}  // namespace
}  // namespace rsr
