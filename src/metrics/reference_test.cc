// The published reference implementation's own numbers, folded by us.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "metrics/metrics_table.h"
#include "metrics/test_run.h"

namespace rsr {
namespace {

// The reference's trajectory means, as a stored row would hold them.
std::vector<RunRow> ReferenceRows(const std::string& teacher, std::ifstream lines,
                                  std::vector<double>& rsr) {
  std::vector<RunRow> rows;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    const auto n = static_cast<int64_t>(rows.size());
    RunRow row = test::MakeRow(n, test::Name("id", n), test::Name("p", n), teacher, {});
    row.scored_tokens = json["resp_token_length"];
    row.sum_rank_clip = json["avg_rank_clip"].get<double>() * row.scored_tokens;
    row.sum_surprisal = json["avg_surprisal"].get<double>() * row.scored_tokens;
    rsr.push_back(json["rank_surprisal_ratio"]);
    rows.push_back(row);
  }
  return rows;
}

class Reference : public ::testing::TestWithParam<const char*> {};

TEST_P(Reference, DataSetValuesFollowFromTheTrajectories) {
  const std::string folder = std::string(RSR_SHARED_DIR "/data/") + GetParam();
  std::ifstream table(folder + "/reference.tsv");
  if (!table) GTEST_SKIP() << "no " << folder;
  std::string line;
  std::getline(table, line);
  int teachers = 0;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string teacher;
    double tokens = 0, rank = 0, surprisal = 0, ratio = 0;
    fields >> teacher >> tokens >> rank >> surprisal >> ratio;
    std::vector<double> rsr;
    const std::vector<RunRow> rows = ReferenceRows(
        teacher, std::ifstream(folder + "/reference-samples/" + teacher + ".jsonl"), rsr);
    ASSERT_FALSE(rows.empty()) << teacher;
    const ScoredRows data = test::Loaded(rows, {"rsr", "avg_rank_clip", "avg_surprisal", "tokens"});
    for (size_t i = 0; i < rows.size(); ++i)
      EXPECT_NEAR(data.Value(data.rows[i]), rsr[i], 1e-12 * rsr[i]);
    const Table ours = GroupTable(data, "teacher");
    // The table has five decimals.
    EXPECT_NEAR(std::get<double>(ours.rows[0][2]), ratio, 5.1e-6) << teacher;
    EXPECT_NEAR(std::get<double>(ours.rows[0][3]), rank, 5.1e-6) << teacher;
    EXPECT_NEAR(std::get<double>(ours.rows[0][4]), surprisal, 5.1e-6) << teacher;
    EXPECT_NEAR(std::get<double>(ours.rows[0][5]), tokens, 5.1e-6) << teacher;
    ++teachers;
  }
  EXPECT_GE(teachers, 5);
}

INSTANTIATE_TEST_SUITE_P(Data, Reference, ::testing::Values("gsm8k", "math-reasoning"),
                         [](const auto& data) { return data.param[0] == 'g' ? "gsm8k" : "math"; });

}  // namespace
}  // namespace rsr
