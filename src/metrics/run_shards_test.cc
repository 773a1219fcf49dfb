#include "metrics/run_shards.h"

#include <gmock/gmock.h>

#include "metrics/test_run.h"
#include "rsr/metrics.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::MakeInfo;
using test::MakeRow;
using test::Scratch;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ScoredRows::Run Shard(const std::string& path, const std::string& shard,
                      const std::string& hash = "h") {
  ScoredRows::Run run{path, MakeInfo({{path + ".jsonl", hash, 1, 7}})};
  run.info.shard = shard;
  run.info.complete = true;
  return run;
}

TEST(RunShards, AreTogetherWhateverTheirOrderAndPaths) {
  EXPECT_THAT(FirstShards({Shard("a", "2/2"), Shard("b", ""), Shard("c", "1/2"), Shard("d", ""),
                           Shard("e", "1/2", "other"), Shard("f", "1/3")}),
              ElementsAre(0, 1, 0, 3, 4, 5));
  ScoredRows::Run sampled = Shard("b", "2/2");
  sampled.info.sample = "5/teacher";
  EXPECT_THAT(FirstShards({Shard("a", "1/2"), sampled}), ElementsAre(0, 1));
}

TEST(RunShards, TellsWhatIsMissing) {
  EXPECT_THAT(MissingRows({Shard("a", "2/2"), Shard("b", ""), Shard("c", "1/2")}), ElementsAre());
  EXPECT_THAT(MissingRows({Shard("a", "3/3"), Shard("b", "1/2", "x"), Shard("c", "1/3")}),
              ElementsAre(AllOf(HasSubstr("only 2 of the 3 shards that run a is one of"),
                                HasSubstr("the rows of 2/3")),
                          AllOf(HasSubstr("only 1 of the 2 shards that run b is"),
                                HasSubstr("the rows of 2/2"))));
  EXPECT_THAT(MissingRows({Shard("a", "3/99")}),
              ElementsAre(HasSubstr("the rows of 1/99, 2/99, 4/99, 5/99, 6/99, ...")));
  ScoredRows::Run stopped = Shard("a", "");
  stopped.info.complete = false;
  EXPECT_THAT(MissingRows({stopped}), ElementsAre(HasSubstr("run a is not complete")));
}

TEST(RunShards, RefusesOneThatIsThereTwice) {
  const Error error = ErrorOf([] {
    FirstShards({Shard("a", "1/2"), Shard("b", "2/2"), Shard("c", "1/2")});
  });
  EXPECT_EQ(error.message(), "runs a and c are both shard 1/2 of the same input");
}

// Sums depend on their order in the last digits, ties in a ranking on it altogether.
TEST(RunShards, GiveTheRowsInInputOrder) {
  const Scratch dir;
  for (int shard = 0; shard < 2; ++shard) {
    ScoredRows::Run run = Shard("data", std::to_string(shard + 1) + "/2");
    std::vector<RunRow> rows;
    for (int64_t row = shard; row < 7; row += 2)
      rows.push_back(MakeRow(row, test::Name("r", row), "p", "t", {{1, 1}}));
    test::WriteRun(dir / test::Name("run", shard), run.info, rows);
  }
  const ScoredRows data = LoadRows({dir / "run1", dir / "run0"}, {&FindMetric("rsr")});
  std::vector<int64_t> order;
  for (const ScoredRow& row : data.rows) {
    order.push_back(row.row);
    EXPECT_EQ(data.runs[row.run].info.shard, row.row % 2 == 0 ? "1/2" : "2/2");
  }
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT(data.warnings, ElementsAre());
  std::vector<std::string> warnings;
  Metrics({.runs = {dir / "run1"}}, &warnings);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("only 1 of the 2 shards")));
}

}  // namespace
}  // namespace rsr
