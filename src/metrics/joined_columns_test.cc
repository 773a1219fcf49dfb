#include "metrics/joined_columns.h"

#include <gmock/gmock.h>

#include <fstream>

#include "metrics/metrics_table.h"
#include "metrics/test_run.h"
#include "rsr/metrics.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::MakeInfo;
using test::MakeRow;
using test::Scratch;
using ::testing::HasSubstr;

std::string Write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  return path;
}

// A run of trajectories a, b and c, of teachers t, t and u, that keeps the columns domain and
// level.
std::string ThreeRows(const Scratch& dir) {
  RunInfo info = MakeInfo({{"data.jsonl", "h", 1, 3}});
  info.kept = info.kept_from = {"domain", "level"};
  std::vector<RunRow> rows = {MakeRow(0, "a", "p", "t", {{1, 1}}),
                              MakeRow(1, "b", "p", "t", {{1, 2}}),
                              MakeRow(2, "c", "q", "u", {{1, 3}})};
  rows[0].kept = {"algebra", "1"};
  rows[1].kept = {"number", "1"};
  rows[2].kept = {"algebra", std::nullopt};
  for (RunRow& row : rows) row.source = row.id == "a" ? "book" : "web";
  test::WriteRun(dir / "run", info, rows);
  return dir / "run";
}

TEST(Join, ColumnsBecomeMetrics) {
  const Scratch dir;
  const std::string run = ThreeRows(dir);
  const std::string one = Write(dir / "one.tsv", "judge:high\tid\tcost\n0.5\ta\t3\n1\tb\t\n");
  const std::string two = Write(dir / "two.csv", "id,other\nc,7\n");
  const Table table =
      Metrics({.runs = {run}, .metrics = {"judge", "cost", "other"}, .join = {one, two}});
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0][2], Cell(0.75));
  EXPECT_EQ(table.rows[0][3], Cell(3.0));
  EXPECT_EQ(table.rows[0][4], Cell());
  EXPECT_EQ(table.rows[1][2], Cell());
  EXPECT_EQ(table.rows[1][4], Cell(7.0));
  const Table everyday = Metrics({.runs = {run}, .join = {two}});
  EXPECT_EQ(everyday.columns.back().name, "other");
  EXPECT_EQ(Metrics({.runs = {run}, .metrics = {"judge"}, .join = {one, two}}).columns.size(), 3u);

  const JoinedColumns joined({one});
  EXPECT_EQ(FindRankingMetric("judge").better, Better::kHigh);
  EXPECT_THAT(ErrorOf([] { FindRankingMetric("cost"); }).hint(), HasSubstr("cost:high"));
  EXPECT_THAT(ErrorOf([] { FindMetric("jugde"); }).hint(), HasSubstr("'judge'"));
}

TEST(Join, ColumnsAreGoneWithTheCall) {
  const Scratch dir;
  {
    const JoinedColumns joined({Write(dir / "one.tsv", "id\tjudge\n")});
    { const JoinedColumns inner({Write(dir / "two.tsv", "id\tcost\n")}); }
    EXPECT_EQ(FindMetric("judge").name, "judge");
  }
  EXPECT_THAT(ErrorOf([] { FindMetric("judge"); }).message(), HasSubstr("unknown metric"));
  EXPECT_EQ(JoinedColumns::Active(), nullptr);
}

TEST(Join, NamesFileAndLineOfWhatDoesNotFit) {
  const Scratch dir;
  const std::string run = ThreeRows(dir);
  const auto message = [&](const std::string& text) {
    const std::string file = Write(dir / "file.tsv", text);
    return ErrorOf([&] { Metrics({.runs = {run}, .join = {file}}); }).message();
  };
  EXPECT_THAT(message("id\tx\na\t1\nb\tgood\n"),
              HasSubstr("file.tsv:3: column 'x': expected a number, got 'good'"));
  EXPECT_THAT(message("id\tx\na\t1\nb\t1\na\t2\n"), HasSubstr("file.tsv:4: id 'a' is there twice"));
  EXPECT_THAT(message("id\tx\na\t1\n\nzz\t1\nzy\t2\n"),
              HasSubstr("file.tsv:4: no trajectory of the runs has the id 'zz', nor 1 other"));
  EXPECT_THAT(message("name\tx\na\t1\n"), HasSubstr("id"));
  EXPECT_THAT(message("id\trsr\na\t1\n"), HasSubstr("column 'rsr': a metric has this name"));
  EXPECT_THAT(message("id\tx:best\na\t1\n"), HasSubstr("expected NAME, NAME:low or NAME:high"));
  EXPECT_THAT(message("id\tx\tx:low\na\t1\t2\n"), HasSubstr("has this name already"));
}

TEST(Metrics, GroupByAKeptColumn) {
  const Scratch dir;
  const std::string run = ThreeRows(dir);
  const Table domain = Metrics({.runs = {run}, .metrics = {"rsr"}, .by = "domain"});
  ASSERT_EQ(domain.rows.size(), 2u);
  EXPECT_EQ(domain.columns[0].name, "domain");
  EXPECT_EQ(domain.rows[0], (std::vector<Cell>{"algebra", int64_t{2}, 2.0}));
  const Table level = Metrics({.runs = {run}, .metrics = {"rsr"}, .by = "level"});
  EXPECT_EQ(level.rows[0], (std::vector<Cell>{std::monostate(), int64_t{1}, 3.0}));
  const Table source = Metrics({.runs = {run}, .metrics = {"rsr"}, .by = "source"});
  ASSERT_EQ(source.rows.size(), 2u);
  EXPECT_EQ(source.rows[0], (std::vector<Cell>{"book", int64_t{1}, 1.0}));
  EXPECT_EQ(source.rows[1], (std::vector<Cell>{"web", int64_t{2}, 2.5}));
  const Error error = ErrorOf([&] { Metrics({.runs = {run}, .by = "domian"}); });
  EXPECT_THAT(error.message(), HasSubstr("keeps no such column"));
  EXPECT_THAT(error.hint(), HasSubstr("'domain'"));
}

TEST(Metrics, RunsMayKeepTheirColumnsInOtherPlaces) {
  const Scratch dir;
  const std::string run = ThreeRows(dir);
  RunInfo info = MakeInfo({{"data.jsonl", "h", 1, 3}});
  info.kept = info.kept_from = {"level", "domain"};
  RunRow row = MakeRow(0, "d", "p", "t", {{1, 6}});
  row.kept = {"2", "algebra"};
  test::WriteRun(dir / "other", info, {row});
  const Table domain = Metrics({.runs = {run, dir / "other"}, .metrics = {"rsr"}, .by = "domain"});
  ASSERT_EQ(domain.rows.size(), 2u);
  EXPECT_EQ(domain.rows[0], (std::vector<Cell>{"algebra", int64_t{3}, 10.0 / 3}));
}

TEST(Metrics, WarnsOfLoopsAndOfLabelsThatAreNot) {
  const Scratch dir;
  std::vector<test::Token> loop(40);
  test::WriteRun(dir / "run", MakeInfo({{"data.jsonl", "h", 1, 2}}),
                 {MakeRow(0, "a", "p", "looper", loop), MakeRow(1, "b", "p", "t", {{1, 1}})});
  std::vector<std::string> warnings;
  const Table table = Metrics({.runs = {dir / "run"}, .metrics = {"rsr", "correct"}}, &warnings);
  EXPECT_EQ(table.columns.size(), 4u);
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_THAT(warnings[0], HasSubstr("1 of 2 trajectories say mostly what they said before"));
  EXPECT_THAT(warnings[0], HasSubstr("'looper': 1"));
  EXPECT_THAT(warnings[1], HasSubstr("no trajectory has a label"));

  RunRow wrong = MakeRow(0, "a", "p", "t", {{1, 1}});
  wrong.correct = false;
  test::WriteRun(dir / "labelled", MakeInfo({{"data.jsonl", "h", 1, 2}}), {wrong});
  warnings.clear();
  Metrics({.runs = {dir / "labelled"}, .metrics = {"rsr", "correct"}}, &warnings);
  EXPECT_THAT(warnings, ::testing::IsEmpty());
}

// More than half of the 8-grams. Of `different` tokens and `same` ones behind them all but the
// last ones' 8-grams are new.
TEST(Metrics, ALoopIsMoreThanHalfOfTheTrajectory) {
  const auto row = [](int64_t number, int different, int same) {
    std::vector<test::Token> tokens(static_cast<size_t>(different + same));
    for (int i = 0; i < different; ++i) tokens[static_cast<size_t>(i)].id = 1 + i;
    return MakeRow(number, test::Name("id", number), "p", "t", tokens);
  };
  const auto loops = [&](const std::vector<RunRow>& rows) {
    return LoopWarning(test::Loaded(rows, {"repeated_8grams"}));
  };
  const RunRow half = row(0, 101, 110);  // 102 of 204
  EXPECT_EQ(loops({half, MakeRow(1, "short", "p", "t", {{1, 1}})}), "");
  EXPECT_THAT(loops({half, row(1, 101, 111)}), HasSubstr("1 of 2 trajectories"));  // 103 of 205
  RunRow others[] = {row(2, 0, 50), row(3, 0, 60)};
  for (RunRow& other : others) other.teacher = "u";
  EXPECT_THAT(loops({row(1, 101, 111), others[0], others[1]}), HasSubstr("most of 'u': 2;"));
}

}  // namespace
}  // namespace rsr
