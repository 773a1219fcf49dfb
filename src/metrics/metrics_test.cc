#include "rsr/metrics.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>
#include <sstream>

#include "base/file.h"
#include "metrics/metrics_table.h"
#include "metrics/test_run.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::Loaded;
using test::MakeInfo;
using test::MakeRow;
using test::Scratch;
using test::WriteRun;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The two trajectories of the worked example in docs/metrics.md.
std::vector<RunRow> Example() {
  RunRow a = MakeRow(0, "A", "p", "t", {{0.5, 1, 1}, {1.5, 2, 2}, {4, 250, 3}});
  a.correct = true;
  RunRow b = MakeRow(1, "B", "q", "t", {{0.5, 1, 0.5}, {1.5, 4, 1.5}});
  b.truncated = true;
  b.turns = 2;
  return {a, b};
}

std::vector<std::string> AllNames() {
  std::vector<std::string> names;
  for (const Metric& metric : AllMetrics()) names.push_back(metric.name);
  return names;
}

// The cells of the lines of docs/metrics.md that begin with | `name` |, from the worked example on.
std::map<std::string, std::vector<std::string>> DocumentedValues() {
  const std::string doc = ReadFile(RSR_SOURCE_DIR "/docs/metrics.md");
  std::istringstream lines(doc.substr(doc.find("## Worked example")));
  std::map<std::string, std::vector<std::string>> values;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    std::istringstream cells(line.substr(2));
    std::vector<std::string> texts;
    for (std::string cell; std::getline(cells, cell, '|');) {
      texts.push_back(cell.substr(cell.find_first_not_of(' '),
                                  cell.find_last_not_of(' ') + 1 - cell.find_first_not_of(' ')));
    }
    const std::string name = texts[0].substr(1, texts[0].size() - 2);
    values[name] = {texts.begin() + 1, texts.end()};
  }
  return values;
}

void ExpectCell(const Cell& cell, const std::string& documented, const std::string& what) {
  if (documented == "-") {
    EXPECT_TRUE(std::holds_alternative<std::monostate>(cell)) << what;
  } else {
    ASSERT_TRUE(std::holds_alternative<double>(cell)) << what;
    EXPECT_NEAR(std::get<double>(cell), std::stod(documented), 5e-6) << what;
  }
}

size_t ColumnOf(const Table& table, const std::string& name) {
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].name == name) return c;
  }
  ADD_FAILURE() << "no column " << name;
  return 0;
}

TEST(Metrics, EqualTheWorkedExampleOfTheDocumentation) {
  const ScoredRows data = Loaded(Example(), AllNames());
  const Table trajectories = TrajectoryTable(data);
  const Table teachers = GroupTable(data, "teacher");
  const auto documented = DocumentedValues();
  ASSERT_EQ(documented.size(), AllNames().size());
  for (const std::string& name : AllNames()) {
    ASSERT_TRUE(documented.contains(name)) << name << " has no line in docs/metrics.md";
    const std::vector<std::string>& expected = documented.at(name);
    ASSERT_EQ(expected.size(), 3u) << name;
    const size_t c = ColumnOf(trajectories, name);
    ExpectCell(trajectories.rows[0][c], expected[0], name + " of A");
    ExpectCell(trajectories.rows[1][c], expected[1], name + " of B");
    ExpectCell(teachers.rows[0][ColumnOf(teachers, name)], expected[2], name + " of both");
  }
}

TEST(Metrics, DocumentationTableNamesDirectionAndEveryMetric) {
  const std::string doc = ReadFile(RSR_SOURCE_DIR "/docs/metrics.md");
  for (const Metric& metric : AllMetrics()) {
    const size_t at = doc.find("| `" + metric.name + "` |");
    ASSERT_NE(at, doc.npos) << metric.name;
    EXPECT_THAT(doc.substr(at, doc.find('\n', at) - at),
                HasSubstr("| " + BetterName(metric.better) + " |"));
  }
}

TEST(Metrics, LengthsOfAGroupHaveMedianAndP95) {
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 5; ++i) {
    rows.push_back(MakeRow(i, std::to_string(i), "p", "t", std::vector<test::Token>(10 * (i + 1))));
  }
  const Table table = GroupTable(Loaded(rows, {"tokens"}), "teacher");
  EXPECT_EQ(std::get<double>(table.rows[0][ColumnOf(table, "tokens")]), 30);
  EXPECT_EQ(std::get<double>(table.rows[0][ColumnOf(table, "tokens_median")]), 30);
  EXPECT_DOUBLE_EQ(std::get<double>(table.rows[0][ColumnOf(table, "tokens_p95")]), 48);
}

TEST(Metrics, CertainTokensGiveInfinityAndAreNotHidden) {
  const ScoredRows data =
      Loaded({MakeRow(0, "sure", "p", "t", {{0, 1}, {0, 1}}), MakeRow(1, "b", "p", "u", {{1, 3}})},
             {"rsr", "rsr_simple"});
  EXPECT_EQ(data.rows[0].parts[0].value(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(data.rows[0].parts[1].value(), std::numeric_limits<double>::infinity());
  const Table table = GroupTable(data, "teacher");
  EXPECT_EQ(std::get<double>(table.rows[0][2]), std::numeric_limits<double>::infinity());
  EXPECT_EQ(std::get<double>(table.rows[1][2]), 3);
}

TEST(Metrics, TrajectoryWithoutScoredTokensHasNoTokenMeans) {
  const ScoredRows data = Loaded({MakeRow(0, "empty", "p", "t", {})}, AllNames());
  for (size_t m = 0; m < data.metrics.size(); ++m) {
    const std::string& name = data.metrics[m]->name;
    const bool counted = name == "tokens" || name == "turns" || name == "truncated";
    EXPECT_EQ(data.rows[0].parts[m].has_value(), counted) << name;
  }
}

TEST(Metrics, SumsDoNotDependOnTheOrderOfStorage) {
  std::mt19937_64 random(7);
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 300; ++i) {
    const float s = std::ldexp(1.0f + static_cast<float>(random() % 1000),
                               static_cast<int>(random() % 40) - 30);
    rows.push_back(MakeRow(i, test::Name("id", i), test::Name("p", i % 7), test::Name("t", i % 3),
                           {{s, static_cast<int32_t>(1 + random() % 500), s}}));
  }
  const Table ordered = GroupTable(Loaded(rows, AllNames()), "teacher");
  for (int round = 0; round < 5; ++round) {
    std::shuffle(rows.begin(), rows.end(), random);
    EXPECT_EQ(GroupTable(Loaded(rows, AllNames()), "teacher").rows, ordered.rows);
  }
}

TEST(Metrics, ReadsRunsAsOne) {
  const Scratch dir;
  const std::vector<RunRow> rows = Example();
  WriteRun(dir / "both", MakeInfo({{"data.jsonl", "h", 1, 2}}), {rows[1], rows[0]});
  WriteRun(dir / "a", MakeInfo({{"data.jsonl", "h", 1, 2}}), {rows[0]});
  WriteRun(dir / "b", MakeInfo({{"data.jsonl", "h", 1, 2}}), {rows[1]});
  const Table one = Metrics({.runs = {dir / "both"}, .metrics = {"all"}});
  const Table two = Metrics({.runs = {dir / "a", dir / "b"}, .metrics = {"all"}});
  EXPECT_EQ(one.rows, two.rows);
  ASSERT_EQ(one.rows.size(), 1u);
  EXPECT_NEAR(std::get<double>(one.rows[0][ColumnOf(one, "rsr")]), 12.27778, 5e-6);

  const Table trajectories =
      Metrics({.runs = {dir / "both"}, .metrics = {"rsr", "rsr"}, .by = "trajectory"});
  ASSERT_EQ(trajectories.columns.size(), 5u);
  ASSERT_EQ(trajectories.rows.size(), 2u);
  EXPECT_EQ(trajectories.rows[0][0], Cell("A"));  // input order, not storage order
  EXPECT_EQ(Metrics({.runs = {dir / "both"}, .by = "problem_id"}).rows.size(), 2u);
  EXPECT_EQ(Metrics({.runs = {dir / "both"}, .by = "source"}).rows.size(), 1u);
}

TEST(Metrics, RefusesRunsThatCannotBeReadAsOne) {
  const Scratch dir;
  const RunInfo info = MakeInfo({{"data.jsonl", "h", 1, 2}});
  WriteRun(dir / "first", info, {Example()[0]});
  const auto expect_refused = [&](const RunInfo& other, const std::string& ours,
                                  const std::string& theirs) {
    std::filesystem::remove_all(dir / "other");
    WriteRun(dir / "other", other, {Example()[1]});
    const Error error = ErrorOf([&] { Metrics({.runs = {dir / "first", dir / "other"}}); });
    EXPECT_THAT(error.message(), HasSubstr(dir / "first"));
    EXPECT_THAT(error.message(), HasSubstr(dir / "other"));
    EXPECT_THAT(error.message(), HasSubstr(ours));
    EXPECT_THAT(error.message(), HasSubstr(theirs));
  };
  RunInfo other = info;
  other.mask = "turn";
  expect_refused(other, "content", "turn");
  other = info;
  other.precision = "native";
  expect_refused(other, "f32", "native");
  other = info;
  other.student_hash = "33333333333333333333333333333333";
  expect_refused(other, info.student_hash, other.student_hash);
  other = info;
  other.template_hash = "44444444444444444444444444444444";
  expect_refused(other, info.template_hash, other.template_hash);

  const Error twice = ErrorOf([&] { Metrics({.runs = {dir / "first", dir / "first"}}); });
  EXPECT_THAT(twice.message(), HasSubstr("id 'A' is there twice"));
}

TEST(Metrics, ExplainsWhatCannotBeShown) {
  const Scratch dir;
  WriteRun(dir / "empty", MakeInfo({{"data.jsonl", "h", 1, 2}}), {});
  EXPECT_THAT(ErrorOf([&] { Metrics({.runs = {dir / "empty"}}); }).message(),
              HasSubstr("no scored trajectory"));
  EXPECT_THAT(ErrorOf([&] { Metrics({.runs = {}}); }).message(), HasSubstr("no run"));
  EXPECT_THAT(ErrorOf([&] { Metrics({.runs = {dir / "empty"}, .by = "techer"}); }).hint(),
              HasSubstr("'teacher'"));
  EXPECT_THAT(
      ErrorOf([&] { Metrics({.runs = {dir / "empty"}, .metrics = {"avg_suprisal"}}); }).hint(),
      HasSubstr("'avg_surprisal'"));

  RunRow row = Example()[0];
  row.file = 1;
  WriteRun(dir / "damaged", MakeInfo({{"data.jsonl", "h", 1, 2}}), {row});
  EXPECT_THAT(ErrorOf([&] { Metrics({.runs = {dir / "damaged"}}); }).message(),
              HasSubstr("input file number 1"));
}

TEST(Registry, IsSortedAndKnowsDirections) {
  EXPECT_THAT(AllNames(),
              ElementsAre("avg_entropy", "avg_rank", "avg_rank_clip", "avg_surprisal", "correct",
                          "rsr", "rsr_simple", "tokens", "truncated", "turns"));
  EXPECT_EQ(FindRankingMetric("correct").better, Better::kHigh);
  const Error error = ErrorOf([] { FindRankingMetric("tokens"); });
  EXPECT_THAT(error.hint(), HasSubstr("avg_rank, avg_rank_clip, avg_surprisal, correct, rsr"));
  EXPECT_EQ(ListMetrics().rows.size(), AllMetrics().size());
}

}  // namespace
}  // namespace rsr
