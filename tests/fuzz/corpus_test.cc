// What the fuzzers found worth keeping, read again in every test run.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "read_bytes.h"

namespace rsr {
namespace {

class FuzzCorpus : public testing::TestWithParam<std::pair<const char*, FuzzFormat>> {};

TEST_P(FuzzCorpus, IsReadWithoutHarm) {
  const std::filesystem::path corpus =
      std::filesystem::path(RSR_SOURCE_DIR) / "tests/fuzz/corpus" / GetParam().first;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    SCOPED_TRACE(entry.path());
    const std::string bytes = ReadFile(entry.path().string());
    ReadFuzzedBytes(GetParam().second, reinterpret_cast<const uint8_t*>(bytes.data()),
                    bytes.size());
    ++files;
  }
  EXPECT_GT(files, 3);
}

INSTANTIATE_TEST_SUITE_P(Formats, FuzzCorpus,
                         testing::Values(std::pair{"json", FuzzFormat::kJson},
                                         std::pair{"gzip", FuzzFormat::kGzip},
                                         std::pair{"zstd", FuzzFormat::kZstd},
                                         std::pair{"parquet", FuzzFormat::kParquet}),
                         [](const auto& info) { return std::string(info.param.first); });

}  // namespace
}  // namespace rsr
