// Rendered text, token ids and masks against the oracle's, for the demo student.
#include <gtest/gtest.h>

#include "data/reader.h"
#include "golden/oracle.h"
#include "text/mask.h"

namespace rsr {
namespace {

TEST(MaskOracle, IdsAndScoredPositionsAreEqual) {
  const auto golden = ReadOracle();
  if (golden.empty()) GTEST_SKIP() << "the oracle's files are not beside this repository";
  StudentOptions options;
  options.path = RSR_DEMO_STUDENT;
  const auto text = TextSide::Open(options);
  TrajectoryReader reader({OracleFile("cases.jsonl")});
  ReadItem item;
  size_t row = 0;
  for (; reader.Next(&item); ++row) {
    ASSERT_TRUE(std::holds_alternative<Trajectory>(item));
    const auto& trajectory = std::get<Trajectory>(item);
    const auto& expected = golden.at(row);
    SCOPED_TRACE(trajectory.id);
    ASSERT_EQ(trajectory.id, expected["id"].get<std::string>());
    EXPECT_EQ(text->Render(trajectory).text, expected["text"].get<std::string>());
    const MaskedTokens masked = text->Tokenize(trajectory);
    EXPECT_EQ(masked.ids, expected["input_ids"].get<std::vector<int32_t>>());
    std::vector<int32_t> positions;
    for (const auto& token : expected["tokens"]) positions.push_back(token["pos"]);
    EXPECT_EQ(masked.positions, positions);
  }
  EXPECT_EQ(row, golden.size());
}

}  // namespace
}  // namespace rsr
