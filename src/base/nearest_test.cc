#include "base/nearest.h"

#include <gmock/gmock.h>

namespace rsr {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kMetrics = {"rsr", "avg_rank", "avg_surprisal", "avg_entropy"};

TEST(Nearest, FindsTypingErrorsInOrderOfDistance) {
  EXPECT_THAT(NearestNames("avg_surprisl", kMetrics), ElementsAre("avg_surprisal"));
  EXPECT_THAT(NearestNames("AVG_RNAK", kMetrics), ElementsAre("avg_rank"));
  EXPECT_THAT(NearestNames("rss", kMetrics), ElementsAre("rsr"));
  const std::vector<std::string> known = {"shards", "shard", "share", "charts"};
  EXPECT_THAT(NearestNames("shard", known), ElementsAre("shard", "shards", "share"));
  EXPECT_THAT(NearestNames("shard", known, 1), ElementsAre("shard"));
}

TEST(Nearest, LeavesOutWhatIsFar) {
  EXPECT_THAT(NearestNames("perplexity", kMetrics), IsEmpty());
  EXPECT_THAT(NearestNames("", kMetrics), IsEmpty());
  EXPECT_THAT(NearestNames(std::string(1 << 20, 'x'), kMetrics), IsEmpty());
}

TEST(Nearest, Hints) {
  EXPECT_EQ(NearestHint("avg_rnk", kMetrics), "did you mean 'avg_rank'?");
  EXPECT_EQ(NearestHint("perplexity", kMetrics),
            "one of: rsr, avg_rank, avg_surprisal, avg_entropy");
  const std::vector<std::string> known = {"shard", "share"};
  EXPECT_EQ(NearestHint("shar", known), "did you mean 'shard' or 'share'?");
  const std::vector<std::string> many(1000, std::string(100'000, 'x'));
  EXPECT_LT(NearestHint("shar", many).size(), 60u * 70u);
  const std::vector<std::string> hostile = {"shard\x1b[31m\nerror: "};
  EXPECT_EQ(NearestHint("shard\x1b[31merror:", hostile),
            "did you mean 'shard\\x1b[31m\\nerror: '?");
}

}  // namespace
}  // namespace rsr
