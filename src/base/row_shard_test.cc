#include "base/row_shard.h"

#include <gmock/gmock.h>

#include "rsr/error.h"

namespace rsr {
namespace {

TEST(RowShard, EachRowIsInOneOfThem) {
  for (int64_t row = 0; row < 10; ++row) {
    EXPECT_TRUE(ParseRowShard("").Has(row));
    EXPECT_TRUE(ParseRowShard("1/1").Has(row));
    EXPECT_EQ(ParseRowShard("1/3").Has(row), row % 3 == 0);
    EXPECT_EQ(ParseRowShard("2/3").Has(row), row % 3 == 1);
    EXPECT_EQ(ParseRowShard("3/3").Has(row), row % 3 == 2);
  }
}

TEST(RowShard, RefusesWhatIsNone) {
  for (const char* text : {"3", "/", "1/", "/2", "0/3", "4/3", "-1/3", "1/0", "1/-3", "1/3/3",
                           "a/b", " 1/3", "1/3 ", "+1/3", "1/99999999999999999999"}) {
    try {
      ParseRowShard(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.message(),
                "--shard '" + std::string(text) + "': expected I/N with I from 1 to N");
    }
  }
}

}  // namespace
}  // namespace rsr
