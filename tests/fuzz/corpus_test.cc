// What the fuzzers found worth keeping, read again in every test run, and a short run from there
// that needs no clang: always the same changes, so a failure repeats.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/file.h"
#include "read_bytes.h"

namespace rsr {
namespace {

// By name, for the same order everywhere.
std::map<std::string, std::string> Corpus(const std::string& format) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(RSR_SOURCE_DIR) / "tests/fuzz/corpus" / format)) {
    files[entry.path().filename().string()] = ReadFile(entry.path().string());
  }
  return files;
}

void Read(FuzzFormat format, const std::string& bytes) {
  ReadFuzzedBytes(format, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

class Changer {
 public:
  explicit Changer(const std::map<std::string, std::string>& corpus) {
    for (const auto& [name, bytes] : corpus) files_.push_back(bytes);
  }

  std::string Next() {
    std::string bytes = Any();
    for (size_t changes = 1 + Below(4); changes > 0; --changes) Change(&bytes);
    return bytes;
  }

 private:
  size_t Below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  const std::string& Any() { return files_[Below(files_.size())]; }

  void Change(std::string* bytes) {
    // Headers come first, and are what there is to break.
    const size_t at = Below(Below(2) == 0 ? std::min<size_t>(bytes->size(), 512) : bytes->size());
    if (at == bytes->size()) return bytes->push_back(static_cast<char>(random_()));
    switch (Below(6)) {
      case 0:
        (*bytes)[at] = static_cast<char>(random_());
        break;
      case 1:  // extremes overflow sizes
        (*bytes)[at] = "\0\1\x7f\x80\xff"[Below(5)];
        break;
      case 2:
        bytes->erase(at, 1 + Below(40));
        break;
      case 3:
        bytes->insert(at, bytes->substr(Below(bytes->size()), Below(40)));
        break;
      case 4: {
        const std::string& other = Any();
        bytes->replace(at, Below(40), other.substr(Below(other.size()), Below(40)));
        break;
      }
      default:
        bytes->resize(at);
    }
  }

  std::mt19937 random_{5};
  std::vector<std::string> files_;
};

struct Case {
  const char* format;
  FuzzFormat kind;
};

class FuzzCorpus : public testing::TestWithParam<Case> {};

// Nothing to expect beside that: a broken promise ends the process.
TEST_P(FuzzCorpus, IsRead) {
  const auto corpus = Corpus(GetParam().format);
  EXPECT_GT(corpus.size(), 3u);
  for (const auto& [name, bytes] : corpus) {
    SCOPED_TRACE(name);
    Read(GetParam().kind, bytes);
  }
}

TEST_P(FuzzCorpus, IsReadWithChanges) {
  Changer changer(Corpus(GetParam().format));
  constexpr int kRounds = 2000;  // a second or two a format
  for (int round = 0; round < kRounds; ++round) Read(GetParam().kind, changer.Next());
}

INSTANTIATE_TEST_SUITE_P(
    Readers, FuzzCorpus,
    testing::Values(Case{"json", FuzzFormat::kJson}, Case{"gzip", FuzzFormat::kGzip},
                    Case{"zstd", FuzzFormat::kZstd}, Case{"parquet", FuzzFormat::kParquet},
                    Case{"safetensors", FuzzFormat::kSafetensors}, Case{"gguf", FuzzFormat::kGguf}),
    [](const auto& info) { return std::string(info.param.format); });

}  // namespace
}  // namespace rsr
