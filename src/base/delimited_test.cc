#include "base/delimited.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Delimited : public ::testing::Test {
 protected:
  DelimitedTable Read(const std::string& bytes) {
    WriteFileAtomic(path_, bytes);
    return ReadDelimited(path_);
  }
  void ExpectError(const std::string& bytes, const std::string& message) {
    try {
      Read(bytes);
      FAIL() << bytes;
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr(message));
      EXPECT_FALSE(error.hint().empty());
    }
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string path_ = ::testing::TempDir() + "delimited_" + std::to_string(getpid());
};

TEST_F(Delimited, ReadsCsv) {
  const DelimitedTable table = Read(
      "\xEF\xBB\xBF"
      "teacher, rsr ,note\r\nr1,2.5,\"a, \"\"b\"\"\nc\" \r\n\r\n qwq ,,x y");
  EXPECT_THAT(table.columns, ElementsAre("teacher", "rsr", "note"));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_THAT(table.rows[0].cells, ElementsAre("r1", "2.5", "a, \"b\"\nc"));
  EXPECT_THAT(table.rows[1].cells, ElementsAre("qwq", "", "x y"));
  EXPECT_EQ(table.At(table.rows[0]), path_ + ":2");
  EXPECT_EQ(table.At(table.rows[1]), path_ + ":5");
  EXPECT_EQ(table.Column("rsr"), 1u);
  EXPECT_EQ(table.Find("none"), std::nullopt);
}

TEST_F(Delimited, ReadsTsvAsItIsWritten) {
  const DelimitedTable table = Read("teacher\ta,b\nt\\\\x\\ty\t\"1\n\t\n");
  EXPECT_THAT(table.columns, ElementsAre("teacher", "a,b"));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_THAT(table.rows[0].cells, ElementsAre("t\\x\ty", "\"1"));
  EXPECT_THAT(table.rows[1].cells, ElementsAre("", ""));
}

TEST_F(Delimited, NamesFileAndLineOfWhatItCannotRead) {
  ExpectError("", "is empty");
  ExpectError("\n\n", "is empty");
  ExpectError("a,b\n1,2\n1,2,3\n", ":3: expected 2 cells as in the header, got 3");
  ExpectError("a,b\n1\n", ":2: expected 2 cells as in the header, got 1");
  ExpectError("a,b\n1,\"2\n3\n", ":2: a quote is never closed");
  ExpectError("a,b\n\"1\"x,2\n", ":2: expected a comma or the end of the line");
  ExpectError("a,b,a\n", ":1: two columns are named 'a'");
  ExpectError("a,,b\n", ":1: column 2 has no name");
  EXPECT_THROW(ReadDelimited(path_ + ".none"), Error);
  try {
    Read("teacher,avg_rank\n").Column("avg_rnk");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.hint(), "did you mean 'avg_rank'?");
  }
}

TEST(Number, IsTheWholeCell) {
  EXPECT_EQ(ParseNumber("1e-3"), 1e-3);
  EXPECT_EQ(ParseNumber("-0.5"), -0.5);
  EXPECT_TRUE(std::isinf(*ParseNumber("inf")));
  for (const char* cell : {"", "1x", "x", "1,5", "nan", "0x10", " 1"}) {
    EXPECT_EQ(ParseNumber(cell), std::nullopt) << cell;
  }
  for (const char* cell : {"", "-", "NA", "NaN", "null"}) EXPECT_TRUE(IsMissing(cell)) << cell;
  for (const char* cell : {"0", "inf", "none", "x"}) EXPECT_FALSE(IsMissing(cell)) << cell;
}

}  // namespace
}  // namespace rsr
