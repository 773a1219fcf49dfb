// Runs that an older rsr wrote stay readable: tests/data/README.md says what wrote them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/run_info.h"
#include "store/store_testing.h"

namespace rsr {
namespace {

using testing::HasSubstr;

constexpr char kVersion1[] = RSR_SOURCE_DIR "/tests/data/run-v1";

// MakeTestRow as version 1 could hold it.
RunRow Version1Row(int64_t number) {
  RunRow row = MakeTestRow(number, 20);
  row.offset = number * 1000;
  row.record.clear();
  row.kept.clear();
  return row;
}

TEST(OldVersions, Version1IsRead) {
  const auto reader = RunReader::Open(kVersion1);
  EXPECT_EQ(reader->info().format_version, 1);
  EXPECT_EQ(reader->info().inputs.at(1).path, "b.jsonl");
  EXPECT_EQ(reader->info().inputs.at(1).dialect, "");
  EXPECT_EQ(reader->info().rows_scored, 3);
  EXPECT_EQ(reader->info().rows_left_out, 0);
  // Three in a finished shard, two in the shard in flight.
  const auto rows = ReadRows(kVersion1);
  ASSERT_EQ(rows.size(), 5);
  for (const auto& [number, row] : rows) ExpectSameRow(row, Version1Row(number));
  EXPECT_EQ(reader->ReadVocab(), (std::vector<std::string>{"a", "b", "\xff", ""}));
}

class OldVersionsTest : public StoreTest {};

TEST_F(OldVersionsTest, Version1IsNotContinued) {
  std::filesystem::copy(kVersion1, run_, std::filesystem::copy_options::recursive);
  RunInfo info = RunReader::Open(run_)->info();
  const Error error = ThrownBy([&] { RunWriter::Open(run_, info); });
  EXPECT_THAT(
      error.message(),
      HasSubstr("has format version 1 of an older rsr, which can be read but not continued"));
  EXPECT_THAT(error.hint(), HasSubstr("rsr 0.1.0"));
  EXPECT_EQ(ReadRows(run_).size(), 5);
}

}  // namespace
}  // namespace rsr
