#include "rsr/teachers.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "analysis/rank_teachers.h"
#include "metrics/metrics_table.h"
#include "metrics/test_run.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::Loaded;
using test::MakeRow;
using test::Name;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// `teachers` x `problems` rows; the rank of a token of teacher t is t + 1 plus a wobble of the
// problem.
std::vector<RunRow> Grid(int teachers, int problems) {
  std::vector<RunRow> rows;
  for (int p = 0; p < problems; ++p) {
    for (int t = 0; t < teachers; ++t) {
      rows.push_back(MakeRow(
          static_cast<int64_t>(rows.size()), Name("id", static_cast<int64_t>(rows.size())),
          Name("p", p), Name("t", t), {{1.0f + 0.1f * static_cast<float>(p % 3), t + 1 + p % 2}}));
    }
  }
  return rows;
}

TEST(Teachers, RanksByTheMetricsDirection) {
  const std::vector<RunRow> rows = Grid(3, 12);
  const TeachersReport low = RankTeachers(Loaded(rows, {"rsr"}), {});
  ASSERT_EQ(low.teachers.size(), 3u);
  EXPECT_EQ(low.teachers[0].teacher, "t0");
  EXPECT_EQ(low.teachers[2].teacher, "t2");
  EXPECT_EQ(low.teachers[0].p_best, 1);
  EXPECT_THAT(low.warnings, IsEmpty());
  EXPECT_THAT(low.by_source, IsEmpty());       // of one source
  EXPECT_THAT(low.length_matched, IsEmpty());  // a detail

  std::vector<RunRow> labelled = rows;
  for (RunRow& row : labelled) row.correct = row.teacher == "t1";
  const TeachersReport high = RankTeachers(Loaded(labelled, {"correct"}), {.metric = "correct"});
  EXPECT_EQ(high.teachers[0].teacher, "t1");
  EXPECT_EQ(high.teachers[0].accuracy, 1);
  EXPECT_EQ(high.teachers[1].accuracy, 0);
  EXPECT_EQ(TeachersTable(high).rows[1].back(), Cell(0.0));
  EXPECT_THAT(high.warnings, IsEmpty());
}

TEST(Teachers, ValueIsTheOneOfTheMetricsTable) {
  const ScoredRows data = Loaded(Grid(3, 12), {"rsr"});
  const TeachersReport report = RankTeachers(data, {});
  const Table table = GroupTable(data, "teacher");
  for (size_t t = 0; t < 3; ++t) {
    EXPECT_EQ(table.rows[t][0], Cell(report.teachers[t].teacher));
    EXPECT_EQ(table.rows[t][2], Cell(report.teachers[t].value));
    EXPECT_LE(report.teachers[t].low, report.teachers[t].value);
    EXPECT_GE(report.teachers[t].high, report.teachers[t].value);
    EXPECT_LT(report.teachers[t].low, report.teachers[t].high);
    EXPECT_EQ(report.teachers[t].trajectories, 12);
    EXPECT_EQ(report.teachers[t].problems, 12);
    EXPECT_EQ(report.teachers[t].mean_tokens, 1);
    EXPECT_EQ(report.teachers[t].accuracy, -1);
  }
}

TEST(Teachers, IntervalsAreAsWideAsAskedFor) {
  const ScoredRows data = Loaded(Grid(3, 12), {"rsr"});
  const auto wide = RankTeachers(data, {}), narrow = RankTeachers(data, {.confidence = 0.5});
  for (size_t t = 0; t < 3; ++t) {
    EXPECT_GT(narrow.teachers[t].low, wide.teachers[t].low);
    EXPECT_LT(narrow.teachers[t].high, wide.teachers[t].high);
  }
}

TEST(Teachers, SameSeedSameDigitsWhateverTheStorageOrder) {
  std::vector<RunRow> rows = Grid(4, 15);
  const Table first = TeachersTable(RankTeachers(Loaded(rows, {"rsr"}), {.seed = 3}));
  std::reverse(rows.begin(), rows.end());
  EXPECT_EQ(TeachersTable(RankTeachers(Loaded(rows, {"rsr"}), {.seed = 3})).rows, first.rows);
}

TEST(Teachers, WarnsOfWhatWeakensTheRanking) {
  const auto warnings = [](const std::vector<RunRow>& rows) {
    return RankTeachers(Loaded(rows, {"rsr"}), {}).warnings;
  };
  EXPECT_THAT(warnings(Grid(1, 12)), ElementsAre(HasSubstr("only one teacher ('t0')")));
  EXPECT_THAT(RankTeachers(Loaded(Grid(1, 12), {"rsr"}), {}).by_length, IsEmpty());
  EXPECT_THAT(warnings(Grid(2, 9)), ElementsAre(HasSubstr("only 9 problems")));
  EXPECT_THAT(warnings(Grid(2, 10)), IsEmpty());
  EXPECT_THAT(warnings(Grid(2, 1)), ElementsAre(HasSubstr("only 1 problem:")));

  std::vector<RunRow> rows = Grid(2, 12);
  rows.resize(rows.size() - 3);  // t1 lacks the last two problems, t0 the last
  EXPECT_THAT(warnings(rows),
              ElementsAre(HasSubstr("10 of 11 problems have a value for every teacher")));

  rows = Grid(2, 12);
  for (size_t i = 0; i < 20; ++i) rows[i].correct = i % 4 == 0;
  EXPECT_THAT(warnings(rows), ElementsAre(HasSubstr("4 of 24 trajectories have no label")));

  rows = Grid(2, 12);
  for (size_t i = 0; i < 10; ++i) rows[i].truncated = rows[i].teacher == "t1" || i < 3;
  EXPECT_THAT(warnings(rows),
              ElementsAre(AllOf(HasSubstr("7 of 24 trajectories were cut by --max-tokens"),
                                HasSubstr("most of 't1': 5 of 12"))));
  std::erase_if(rows, [](const RunRow& row) { return row.teacher == "t0" && row.row >= 6; });
  EXPECT_THAT(warnings(rows), ::testing::Contains(HasSubstr("most of 't0': 2 of 3")));

  rows = Grid(2, 12);
  rows[0] = MakeRow(0, "sure", "p0", "t0", {{0, 1}});
  const TeachersReport report =
      RankTeachers(Loaded(rows, {"rsr_simple"}), {.metric = "rsr_simple"});
  EXPECT_THAT(
      report.warnings,
      ElementsAre(HasSubstr("1 of 24 trajectories have an infinite or undefined rsr_simple")));
  EXPECT_EQ(report.teachers.back().teacher, "t0");
  EXPECT_EQ(report.teachers.back().value, std::numeric_limits<double>::infinity());
  rows[2] = MakeRow(2, "none", "p1", "t0", {{std::nanf(""), 1}});
  EXPECT_THAT(RankTeachers(Loaded(rows, {"rsr_simple"}), {.metric = "rsr_simple"}).warnings,
              ElementsAre(HasSubstr("2 of 24 trajectories have an infinite or undefined")));
}

TEST(Teachers, ReadsARunAndRefusesUnusableOptions) {
  const test::Scratch dir;
  test::WriteRun(dir / "run", test::MakeInfo({{"data.jsonl", "h", 1, 24}}), Grid(2, 12));
  const TeachersReport report = RankTeachers({.runs = {dir / "run"}, .resamples = 100});
  const Table table = TeachersTable(report);
  EXPECT_EQ(table.columns[1].name, "rsr");
  EXPECT_EQ(table.rows[0][0], Cell("t0"));
  EXPECT_EQ(table.rows[0].back(), Cell(std::monostate()));
  EXPECT_THAT(report.warnings, IsEmpty());

  const std::string run = dir / "run";
  EXPECT_THAT(ErrorOf([&] { RankTeachers({.runs = {run}, .metric = "tokens"}); }).message(),
              HasSubstr("'tokens'"));
  EXPECT_THAT(ErrorOf([&] { RankTeachers({.runs = {run}, .metric = "rsrr"}); }).hint(),
              HasSubstr("'rsr'"));
  EXPECT_THAT(ErrorOf([&] { RankTeachers({.runs = {run}, .resamples = 0}); }).message(),
              HasSubstr("got 0"));
  EXPECT_THAT(ErrorOf([&] { RankTeachers({.runs = {run}, .confidence = 95}); }).message(),
              HasSubstr("got 95"));
}

TEST(Teachers, RanksNothingWithoutAValue) {
  std::vector<RunRow> rows = Grid(2, 12);
  const auto rank = [&] { return RankTeachers(Loaded(rows, {"correct"}), {.metric = "correct"}); };
  const Error error = ErrorOf(rank);
  EXPECT_EQ(error.message(),
            "nothing to rank by: none of 24 trajectories has a value of 'correct'");
  EXPECT_THAT(error.hint(), HasSubstr("rsr verify"));
  // A teacher without one comes last, and no number stands for it.
  for (RunRow& row : rows)
    if (row.teacher == "t1") row.correct = true;
  const TeachersReport report = rank();
  EXPECT_EQ(report.teachers[0].teacher, "t1");
  EXPECT_EQ(report.teachers[1].problems, 0);
  EXPECT_EQ(TeachersTable(report).rows[1][1], Cell());
}

TEST(Teachers, WarnsOfLoops) {
  const test::Scratch dir;
  std::vector<RunRow> rows = Grid(2, 12);
  rows[1] = MakeRow(1, "id1", "p0", "t1", std::vector<test::Token>(40));
  test::WriteRun(dir / "run", test::MakeInfo({{"data.jsonl", "h", 1, 24}}), rows);
  const TeachersReport report = RankTeachers({.runs = {dir / "run"}, .resamples = 100});
  EXPECT_THAT(report.warnings, ElementsAre(AllOf(HasSubstr("1 of 24 trajectories say mostly what"),
                                                 HasSubstr("'t1': 1"))));
}

TEST(Teachers, RanksByAJoinedColumn) {
  const test::Scratch dir;
  test::WriteRun(dir / "run", test::MakeInfo({{"data.jsonl", "h", 1, 24}}), Grid(2, 12));
  std::ofstream table(dir / "judge.tsv");
  table << "id\tjudge:high\tcost\n";
  for (int i = 0; i < 24; ++i) table << Name("id", i) << '\t' << i % 2 << "\t1\n";
  table.close();
  TeachersOptions options{.runs = {dir / "run"}, .metric = "judge", .join = {dir / "judge.tsv"}};
  const TeachersReport report = RankTeachers(options);
  EXPECT_EQ(report.teachers[0].teacher, "t1");
  EXPECT_EQ(report.teachers[0].value, 1);
  EXPECT_EQ(report.teachers[1].value, 0);
  options.metric = "cost";
  EXPECT_THAT(ErrorOf([&] { RankTeachers(options); }).hint(), HasSubstr("cost:high"));
}

}  // namespace
}  // namespace rsr
