// What the fuzzers found worth keeping, read again in every test run.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "read_bytes.h"

namespace rsr {
namespace {

void ReadCorpus(const char* name, FuzzFormat format) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(RSR_SOURCE_DIR) / "tests/fuzz/corpus" / name)) {
    SCOPED_TRACE(entry.path());
    const std::string bytes = ReadFile(entry.path().string());
    ReadFuzzedBytes(format, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    ++files;
  }
  EXPECT_GT(files, 3);
}

// Nothing to expect beside that: a broken promise ends the process.
TEST(FuzzCorpus, Json) { ReadCorpus("json", FuzzFormat::kJson); }
TEST(FuzzCorpus, Gzip) { ReadCorpus("gzip", FuzzFormat::kGzip); }
TEST(FuzzCorpus, Zstd) { ReadCorpus("zstd", FuzzFormat::kZstd); }
TEST(FuzzCorpus, Parquet) { ReadCorpus("parquet", FuzzFormat::kParquet); }
TEST(FuzzCorpus, Safetensors) { ReadCorpus("safetensors", FuzzFormat::kSafetensors); }
TEST(FuzzCorpus, Gguf) { ReadCorpus("gguf", FuzzFormat::kGguf); }

}  // namespace
}  // namespace rsr
