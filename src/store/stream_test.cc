// Untrusted streams: whatever happened to the bytes, what is read is right and nothing crashes.
#include "store/stream.h"

#include <vector>

#include "store/schema.h"
#include "store/store_testing.h"

namespace rsr {
namespace {

constexpr int32_t kTokens = 20;

class StreamTest : public StoreTest {
 protected:
  std::string MakeStream(int64_t rows) {
    const std::string path = root_ + "/stream";
    StreamWriter writer(path, schema_, /*sync_seconds=*/5);
    for (int64_t i = 0; i < rows; ++i) {
      const RunRow row = MakeTestRow(i, kTokens);
      writer.Append(*ToBatch(row, schema_));
    }
    return ReadFile(path);
  }

  // The number of rows in `bytes`, each of them MakeTestRow's, in order.
  int64_t CountRows(std::string_view bytes) {
    int64_t count = 0;
    RunRow row;
    ReadStream(bytes, schema_, "stream", [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
      RowDecoder(batch, schema_, RunReader::kAll, "stream").Decode(0, &row);
      ExpectSameRow(row, MakeTestRow(count++, kTokens));
    });
    return count;
  }

  const RunSchema schema_{MakeTestInfo()};
};

TEST_F(StreamTest, CutAtEveryByteItGivesTheBatchesBefore) {
  const std::string whole = MakeStream(3);
  int64_t before = 0;
  for (size_t length = 0; length <= whole.size(); ++length) {
    // A copy of its own, so that a sanitizer sees a read behind the end.
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    const int64_t rows = CountRows({cut.data(), cut.size()});
    ASSERT_TRUE(rows == before || rows == before + 1) << length;
    before = rows;
    ASSERT_EQ(rows == 3, length == whole.size());
  }
  EXPECT_EQ(before, 3);
}

TEST_F(StreamTest, AFlippedBitIsAnErrorOrTheEnd) {
  const std::string whole = MakeStream(2);
  size_t errors = 0, fewer = 0, harmless = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    try {
      ++(CountRows(damaged) < 2 ? fewer : harmless);
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), testing::HasSubstr("stream: is damaged"));
      EXPECT_THAT(error.hint(), testing::HasSubstr("scored anew"));
      ++errors;
    }
  }
  // Harmless: padding and unused bytes of the message headers.
  EXPECT_GT(errors, whole.size() / 20);
  EXPECT_GT(fewer, whole.size() / 3);
  EXPECT_LT(harmless, whole.size() / 3);
}

TEST_F(StreamTest, ZeroedFromAnywhereByAPowerCut) {
  const std::string whole = MakeStream(3);
  for (size_t from = 0; from < whole.size(); from += 32) {
    std::string damaged = whole;
    std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(from), damaged.end(), '\0');
    try {
      EXPECT_LT(CountRows(damaged), 3);
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), testing::HasSubstr("stream: is damaged"));
    }
  }
  // Only the last page missing: the two batches before it are kept.
  std::string tail = whole;
  std::fill(tail.end() - 200, tail.end(), '\0');
  EXPECT_EQ(CountRows(tail), 2);
}

}  // namespace
}  // namespace rsr
