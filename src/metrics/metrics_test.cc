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
const std::vector<std::string> kExampleVocab = {"Perhaps", " 4", ".", "So", " check"};

std::vector<RunRow> Example() {
  RunRow a = MakeRow(0, "A", "p", "t", {{0.5, 1, 1, 0}, {1.5, 2, 2, 1}, {4, 250, 3, 2}});
  a.tokens.mass_above = {0, 0.5, 0.75};
  a.tokens.sum_p2 = {0.5, 0.25, 0.125};
  a.tokens.kind = {1, 0, 0};
  a.correct = true;
  RunRow b = MakeRow(1, "B", "p", "t", {{0.5, 1, 0.5, 3}, {1.5, 4, 1.5, 4, 20}});
  b.tokens.mass_above = {0, 0.25};
  b.tokens.sum_p2 = {0.5, 0.25};
  b.tokens.kind = {0, 2};
  b.truncated = true;
  b.turns = 2;
  a.pass.sum_alone_surprisal = 9;
  b.pass.sum_alone_surprisal = 2;
  a.pass.sum_local_surprisal = 7.5;
  b.pass.sum_local_surprisal = 3;
  a.pass.mean_step_surprisal = 3;
  b.pass.mean_step_surprisal = 1.5;
  a.pass.gnorm_head = 0.5;
  b.pass.gnorm_head = 0.25;
  a.pass.gnorm_hidden = 2;
  b.pass.gnorm_hidden = 1;
  a.pass.projection = {3, 4, 0, 0};
  b.pass.projection = {0, 0, 2, 0};
  return {a, b};
}

ScoredRows LoadedExample(const std::vector<std::string>& metrics) {
  return Loaded(Example(), metrics, MakeInfo({{"data.jsonl", "", 0, 0}}), kExampleVocab);
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
  const ScoredRows data = LoadedExample(AllNames());
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
  EXPECT_EQ(data.Value(data.rows[0], 0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(data.Value(data.rows[0], 1), std::numeric_limits<double>::infinity());
  const Table table = GroupTable(data, "teacher");
  EXPECT_EQ(std::get<double>(table.rows[0][2]), std::numeric_limits<double>::infinity());
  EXPECT_EQ(std::get<double>(table.rows[1][2]), 3);
}

TEST(Metrics, TrajectoryWithoutScoredTokensHasNoTokenMeans) {
  const ScoredRows data = Loaded({MakeRow(0, "empty", "p", "t", {})}, AllNames());
  for (size_t m = 0; m < data.metrics.size(); ++m) {
    const std::string& name = data.metrics[m]->name;
    const bool counted = name == "tokens" || name == "chars" || name == "words" ||
                         name == "turns" || name == "truncated";
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

TEST(Metrics, RefusesGradientsOfDifferentLength) {
  std::vector<RunRow> rows = Example();
  rows[1].pass.projection.pop_back();
  const ScoredRows data =
      Loaded(rows, {"grace_head"}, MakeInfo({{"data.jsonl", "", 0, 0}}), kExampleVocab);
  const Error error = ErrorOf([&] { GroupTable(data, "teacher"); });
  EXPECT_THAT(error.message(),
              HasSubstr("the gradient of row 1 ('B') has 3 dimensions, expected 4"));
}

TEST(Metrics, ReadsRunsAsOne) {
  const Scratch dir;
  const std::vector<RunRow> rows = Example();
  RunInfo info = MakeInfo({{"data.jsonl", "h", 1, 2}});
  info.vocab_size = static_cast<int64_t>(kExampleVocab.size());
  WriteRun(dir / "both", info, {rows[1], rows[0]}, kExampleVocab);
  WriteRun(dir / "a", info, {rows[0]}, kExampleVocab);
  WriteRun(dir / "b", info, {rows[1]}, kExampleVocab);
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
  const Table turned =
      Metrics({.runs = {dir / "b", dir / "a"}, .metrics = {"rsr"}, .by = "trajectory"});
  EXPECT_EQ(turned.rows[0][0], Cell("B"));  // the runs in the order given
  EXPECT_EQ(Metrics({.runs = {dir / "both"}, .by = "problem_id"}).rows.size(), 1u);
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

TEST(Registry, ParametersAreCheckedAndTheirMetricsLiveOn) {
  const Metric& metric = FindMetric("rsr_rank_pow:0.95");
  EXPECT_EQ(metric.parameter, 0.95);
  EXPECT_EQ(metric.name, "rsr_rank_pow:0.95");
  EXPECT_EQ(&metric, &FindMetric("rsr_rank_pow:0.95"));
  EXPECT_EQ(FindMetric("rsr_rank_pow").parameter, 1.05);
  EXPECT_EQ(&FindMetric("grape"), &FindMetric("avg_surprisal"));
  for (const char* wrong : {"rsr_rank_pow:", "rsr_rank_pow:x", "rsr_rank_pow:1x", "rsr_rank_pow:-1",
                            "rsr_rank_pow:11", "rsr_rank_pow:nan"}) {
    EXPECT_THAT(ErrorOf([&] { FindMetric(wrong); }).message(),
                HasSubstr("expected a number from 0 to 10"))
        << wrong;
  }
  EXPECT_THAT(ErrorOf([] { FindMetric("tokens:3"); }).message(), HasSubstr("takes no number"));
  EXPECT_THAT(ErrorOf([] { FindMetric(""); }).message(), HasSubstr("unknown metric ''"));
  EXPECT_THAT(ErrorOf([] { FindMetric("rsr_rnk_pow:3"); }).hint(), HasSubstr("'rsr_rank_pow'"));
}

// Hand-computed: L = 1, 3 and 2, rho = 0.5, 0.25 and 0.125; sum L = 6, sum rho L = 1.5.
TEST(Lark, IsThePublishedFormulaAmongTheCandidatesOfAProblem) {
  const auto candidate = [](int64_t row, const char* problem, float s, double rho) {
    RunRow r = MakeRow(row, test::Name("id", row), problem, "t", {{s, 1}, {s, 1}});
    // Two tokens of one surprisal: brier = 1 - 2 exp(-s) + sum_p2 = rho s.
    const double sum_p2 = rho * s - 1 + 2 * std::exp(-static_cast<double>(s));
    r.tokens.sum_p2 = std::vector<float>(2, static_cast<float>(sum_p2));
    return r;
  };
  const ScoredRows data =
      Loaded({candidate(0, "p", 1, 0.5), candidate(1, "q", 2, 0.75), candidate(2, "p", 3, 0.25),
              candidate(3, "p", 2, 0.125), MakeRow(4, "empty", "p", "t", {})},
             {"lark", "lark_rho"});
  EXPECT_NEAR(data.Value(data.rows[0], 1), 0.5, 1e-7);
  EXPECT_NEAR(data.Value(data.rows[0]), 1.0 / 6 * (2 * 0.5 - 1.5 / 6), 1e-7);
  EXPECT_NEAR(data.Value(data.rows[2]), 3.0 / 6 * (2 * 0.25 - 1.5 / 6), 1e-7);
  EXPECT_NEAR(data.Value(data.rows[3]), 2.0 / 6 * (2 * 0.125 - 1.5 / 6), 1e-7);
  EXPECT_NEAR(data.Value(data.rows[1]), 0.75, 1e-7);  // alone: rho
  EXPECT_FALSE(data.rows[4].parts[0].has_value());
  EXPECT_EQ(data.rows[0].parts.size(), 2u);  // what lark is made of is not kept
  EXPECT_EQ(data.metrics.size(), 2u);
}

// Hand-computed: sum s = 4; a = 4: 1 + 2 / 16 + 1 / 256, a = 2: 1 + 2 / 4 + 1 / 16.
TEST(SeqLss, WeighsSurprisalByThePowerOfTheMassNotAbove) {
  RunRow row = MakeRow(0, "id", "p", "t", {{1, 1}, {2, 2}, {1, 9}});
  row.tokens.mass_above = {0, 0.5, 0.75};
  const ScoredRows data =
      Loaded({row, MakeRow(1, "empty", "p", "t", {})}, {"seqlss", "seqlss:2", "seqlss:0"});
  EXPECT_DOUBLE_EQ(data.Value(data.rows[0]), 1.12890625 / 4);
  EXPECT_DOUBLE_EQ(data.Value(data.rows[0], 1), 1.5625 / 4);
  EXPECT_DOUBLE_EQ(data.Value(data.rows[0], 2), 1);
  EXPECT_FALSE(data.rows[1].parts[0].has_value());
}

// In doubles 0.07 * 100 is a hair above 7, and of 101 tokens 7.07 are eight.
TEST(RsrFiltered, ShareOfTheTokensIsRoundedUp) {
  const auto value = [](int n, const char* metric) {
    std::vector<test::Token> tokens;
    for (int k = 0; k < n; ++k) tokens.push_back({static_cast<float>(n - k), 1 + k});
    const ScoredRows data = Loaded({MakeRow(0, "id", "p", "t", tokens)}, {metric});
    return data.Value(data.rows[0]);
  };
  const auto mean = [](int n, int kept) {
    double sum = 0;
    for (int k = 0; k < kept; ++k) sum += (1.0 + k) / (n - k);
    return sum / kept;
  };
  EXPECT_NEAR(value(100, "rsr_filtered:0.07"), mean(100, 7), 1e-15);
  EXPECT_NEAR(value(101, "rsr_filtered:0.07"), mean(101, 8), 1e-15);
  EXPECT_NEAR(value(10, "rsr_filtered"), mean(10, 3), 1e-15);
  EXPECT_NEAR(value(11, "rsr_filtered"), mean(11, 4), 1e-15);
  EXPECT_NEAR(value(10, "rsr_filtered:0"), mean(10, 1), 1e-15);
  EXPECT_NEAR(value(10, "rsr_filtered:1"), mean(10, 10), 1e-15);
  EXPECT_NEAR(value(10, "rsr_filtered:0.30005"), mean(10, 4), 1e-15);
}

TEST(RsrFiltered, TheFirstOfEqualTokensCountAndHugeOnesOnce) {
  std::vector<test::Token> equal, huge;
  for (int k = 1; k <= 10; ++k) {
    equal.push_back({1, k});
    huge.push_back({1e5F * static_cast<float>(k), 100000 * k});
  }
  const ScoredRows data =
      Loaded({MakeRow(0, "equal", "p", "t", equal), MakeRow(1, "huge", "p", "t", huge)},
             {"rsr_filtered", "rsr_filtered:1"});
  EXPECT_EQ(data.Value(data.rows[0]), 2);  // of ranks 1, 2 and 3
  EXPECT_DOUBLE_EQ(data.Value(data.rows[1]), 1);
  EXPECT_DOUBLE_EQ(data.Value(data.rows[1], 1), 1);
}

// The mean of three times 0.2 is rounded, and the deviation from it is not 0; nothing tells the
// three apart all the same.
TEST(RuleQuality, EqualValuesSayNothing) {
  const std::vector<std::string> vocab = {"check", " one", " check"};
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 3; ++i) {
    rows.push_back(MakeRow(i, test::Name("id", i), "p", "t",
                           {{1, 1, 1, 0}, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}}));
  }
  const auto values = [&] {
    const ScoredRows data =
        Loaded(rows, {"rule_quality", "check_share"}, MakeInfo({{"d", "", 0, 0}}), vocab);
    EXPECT_EQ(data.Value(data.rows[0], 1), 0.2);
    return std::vector<double>{data.Value(data.rows[0]), data.Value(data.rows[1]),
                               data.Value(data.rows[2])};
  };
  EXPECT_THAT(values(), ElementsAre(0, 0, 0));
  rows[1].tokens.token_id[4] = 2;  // shares 0.2, 0.4, 0.2: z-scores -1, 2 and -1 over root 2
  const double z = 0.2 / std::sqrt(2.0);
  EXPECT_THAT(values(),
              ElementsAre(::testing::DoubleNear(-z, 1e-12), ::testing::DoubleNear(2 * z, 1e-12),
                          ::testing::DoubleNear(-z, 1e-12)));
}

TEST(RuleQuality, SmallDifferencesCountInFull) {
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 2; ++i) {
    rows.push_back(MakeRow(i, test::Name("id", i), "p", "t",
                           std::vector<test::Token>(static_cast<size_t>(3000 + i), {.id = 1})));
  }
  const ScoredRows data =
      Loaded(rows, {"rule_quality"}, MakeInfo({{"d", "", 0, 0}}), {"check", " one"});
  EXPECT_NEAR(data.Value(data.rows[0]), -0.3, 1e-9);  // of the words alone: z-scores -1 and 1
  EXPECT_NEAR(data.Value(data.rows[1]), 0.3, 1e-9);
}

TEST(Registry, IsSortedAndKnowsDirections) {
  EXPECT_THAT(AllNames(), ::testing::WhenSorted(::testing::ElementsAreArray(AllNames())));
  EXPECT_EQ(FindRankingMetric("correct").better, Better::kHigh);
  const Error error = ErrorOf([] { FindRankingMetric("tokens"); });
  EXPECT_THAT(error.hint(),
              HasSubstr("aslec_casl, aslec_drop, avg_entropy, avg_rank, avg_rank_clip"));
  EXPECT_THAT(error.hint(), ::testing::Not(HasSubstr("grace_head")));  // one of groups
  EXPECT_EQ(ListMetrics().rows.size(), AllMetrics().size());
}

}  // namespace
}  // namespace rsr
