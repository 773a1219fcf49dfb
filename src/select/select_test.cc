#include "rsr/select.h"

#include <arrow/io/file.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <parquet/arrow/reader.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "metrics/test_run.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::MakeInfo;
using test::MakeRow;
using test::Name;
using test::Scratch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A run of one input file whose records lie behind each other with `separator` between; record i is
// of problem i / 3 and has rsr (i * 7) % 5 + 1.
struct Scored {
  std::string run, input;
};
Scored Score(const Scratch& dir, const std::string& name, const std::vector<std::string>& records,
             const std::string& before, const std::string& separator, const std::string& after) {
  const Scored scored{dir / name, dir / (name + ".input")};
  std::string bytes = before;
  std::vector<RunRow> rows;
  for (size_t i = 0; i < records.size(); ++i) {
    if (i > 0) bytes += separator;
    const auto n = static_cast<int64_t>(i);
    rows.push_back(MakeRow(n, Name((name + "-").c_str(), n), Name("p", n / 3), Name("t", n % 3),
                           {{1, static_cast<int32_t>((n * 7) % 5 + 1)}}));
    rows.back().offset = static_cast<int64_t>(bytes.size());
    rows.back().length = static_cast<int64_t>(records[i].size());
    rows.back().line = n + 1;
    bytes += records[i];
  }
  bytes += after;
  std::ofstream(scored.input, std::ios::binary) << bytes;
  test::WriteRun(scored.run,
                 MakeInfo({{scored.input, HashBytes(bytes), static_cast<int64_t>(bytes.size()),
                            int64_t(rows.size())}}),
                 rows);
  return scored;
}

const std::vector<std::string> kRecords = {R"({"messages": [], "x":  "é\n\u0041 	"})",
                                           R"( {"b":1e400} )",
                                           R"({"c":"\ud83d\ude00 😀"})",
                                           R"({"d":   null})",
                                           "{\"e\":5}\r",
                                           R"({"f":6})"};

TEST(Select, CopiesRecordsByteForByte) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kRecords, "", "\n", "");
  const SelectSummary summary = Select({.runs = {scored.run},
                                        .out = dir / "out/new",
                                        .format = ExportFormat::kOriginal,
                                        .per_problem = 1});
  // Values of the six: 1 3 5 | 2 4 1.
  EXPECT_EQ(ReadFile(dir / "out/new/selected.jsonl"), kRecords[0] + "\n" + kRecords[5] + "\n");
  EXPECT_EQ(summary.selected, 2);
  EXPECT_EQ(summary.candidates, 6);
  EXPECT_EQ(summary.problems, 2);
  EXPECT_EQ(summary.left_out, 0);
  EXPECT_THAT(summary.sets.back().by_teacher, ElementsAre(std::pair("t0", 1), std::pair("t2", 1)));

  Select({.runs = {scored.run}, .out = dir / "all", .format = ExportFormat::kOriginal, .top = 6});
  EXPECT_EQ(ReadFile(dir / "all/selected.jsonl"), kRecords[0] + "\n" + kRecords[5] + "\n" +
                                                      kRecords[3] + "\n" + kRecords[1] + "\n" +
                                                      kRecords[4] + "\n" + kRecords[2] + "\n");
}

TEST(Select, RecordsOfAnArrayFileBecomeOneLineEachWithTheSameValues) {
  const Scratch dir;
  const std::vector<std::string> records = {"{\n  \"a\": \"x\\ny\",\r\n  \"b\": [1,\n 2]\n}",
                                            "{\"c\": 3}", "{\n\"d\":\n4}"};
  const Scored scored = Score(dir, "run", records, "[\n", ",\n", "\n]\n");
  Select({.runs = {scored.run},
          .out = dir / "out",
          .format = ExportFormat::kOriginal,
          .per_problem = 3});
  std::istringstream lines(ReadFile(dir / "out/selected.jsonl"));
  std::string line;
  for (const std::string& record : records) {  // values 1 3 5: in this order
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_EQ(nlohmann::json::parse(line), nlohmann::json::parse(record));
    EXPECT_EQ(line.size(), record.size());
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST(Select, ManifestNamesEveryLine) {
  const Scratch dir;
  const Scored one = Score(dir, "one", kRecords, "", "\n", "\n");
  const Scored two = Score(dir, "two", {"{\"g\":7}"}, "", "\n",
                           "\n");  // problem p0, value 1: a tie, later in the input
  const SelectSummary summary =
      Select({.runs = {one.run, two.run}, .out = dir / "out", .per_problem = 2});
  const auto manifest = nlohmann::json::parse(ReadFile(summary.manifest_file));
  EXPECT_EQ(manifest["metric"], "rsr");
  EXPECT_EQ(manifest["better"], "low");
  EXPECT_EQ(manifest["options"]["per_problem"], 2);
  EXPECT_EQ(manifest["runs"][1]["inputs"][0]["xxh3_128"], HashBytes("{\"g\":7}\n"));
  EXPECT_EQ(manifest["runs"][0]["mask"], "content");
  EXPECT_EQ(manifest["sets"]["selected"]["by_teacher"], nlohmann::json({{"t0", 3}, {"t2", 1}}));
  std::vector<std::string> rows;
  for (const auto& row : manifest["rows"]) {
    rows.push_back(
        fmt::format("{} {} {} {} {} {} {}", row["id"].get<std::string>(),
                    row["problem_id"].get<std::string>(), row["teacher"].get<std::string>(),
                    row["value"].get<double>(), row["rank_in_problem"].get<int>(),
                    std::filesystem::path(row["file"].get<std::string>()).filename().string(),
                    row["line"].get<int>()));
  }
  EXPECT_THAT(rows, ElementsAre("one-0 p0 t0 1 1 one.input 1", "two-0 p0 t0 1 2 two.input 1",
                                "one-5 p1 t2 1 1 one.input 6", "one-3 p1 t0 2 2 one.input 4"));
}

TEST(Select, RefusesInputThatIsNotWhatWasScored) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kRecords, "", "\n", "\n");
  const std::string before = HashFile(scored.input);
  std::ofstream(scored.input, std::ios::app) << "x";
  Error error = ErrorOf([&] { Select({.runs = {scored.run}, .out = dir / "out", .top = 1}); });
  EXPECT_THAT(error.message(), HasSubstr(scored.input));
  EXPECT_THAT(error.message(), HasSubstr(before));
  EXPECT_THAT(error.message(), HasSubstr(HashFile(scored.input)));

  std::filesystem::remove(scored.input);
  error = ErrorOf([&] { Select({.runs = {scored.run}, .out = dir / "out", .top = 1}); });
  EXPECT_THAT(error.message(), HasSubstr("missing"));
  EXPECT_THAT(error.hint(), HasSubstr("current directory"));
  EXPECT_TRUE(std::filesystem::is_empty(dir / "out"));  // nothing half written is left
}

TEST(Select, RefusesADamagedPlaceInTheInput) {
  const Scratch dir;
  const std::string bytes = "{\"a\":1}\n";
  std::ofstream(dir / "input") << bytes;
  int number = 0;
  for (const auto& [offset, length] : std::vector<std::pair<int64_t, int64_t>>{
           {-2, 3}, {0, -3}, {0, 9}, {9, 0}, {4, INT64_MAX}, {INT64_MAX, INT64_MAX}}) {
    RunRow row = MakeRow(0, "a", "p", "t", {{1, 1}});
    row.offset = offset;
    row.length = length;
    const std::string run = dir / Name("run", number++);
    test::WriteRun(run, MakeInfo({{dir / "input", HashBytes(bytes), 8, 1}}), {row});
    const Error error = ErrorOf([&] { Select({.runs = {run}, .out = dir / "out", .top = 1}); });
    EXPECT_THAT(error.message(), HasSubstr("which has 8 bytes"));
  }
}

// Of compressed, Parquet and piped input the run itself holds the records.
TEST(Select, RecordsStoredInTheRunNeedNoInputFile) {
  const Scratch dir;
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 4; ++i) {
    rows.push_back(
        MakeRow(i, Name("x", i), Name("p", i % 2), "t", {{1, static_cast<int32_t>(4 - i)}}));
    rows.back().offset = -1;
    rows.back().record = fmt::format("{{\"number\": {}, \"text\": \"\u00e9\"}}", i);
  }
  test::WriteRun(dir / "run", MakeInfo({{"gone.jsonl.gz", "", 8, 4}}), rows);
  Select({.runs = {dir / "run"}, .out = dir / "out", .format = ExportFormat::kOriginal, .top = 3});
  EXPECT_EQ(ReadFile(dir / "out/selected.jsonl"),
            rows[3].record + "\n" + rows[2].record + "\n" + rows[1].record + "\n");
  EXPECT_FALSE(std::filesystem::exists(dir / "out/selected.jsonl.records"));

  // Two runs whose rows have the same numbers.
  for (RunRow& row : rows) {
    row.id = "y" + row.id;
    row.record = "{\"other\": " + std::to_string(row.row) + "}";
  }
  test::WriteRun(dir / "second", MakeInfo({{"gone.jsonl.gz", "", 8, 4}}), rows);
  Select({.runs = {dir / "run", dir / "second"},
          .out = dir / "both",
          .format = ExportFormat::kOriginal,
          .top = 3});
  EXPECT_EQ(ReadFile(dir / "both/selected.jsonl"), "{\"number\": 3, \"text\": \"\u00e9\"}\n" +
                                                       rows[3].record +
                                                       "\n{\"number\": 2, \"text\": \"\u00e9\"}\n");

  rows[1].id = "x1";
  rows[1].record.clear();
  test::WriteRun(dir / "damaged", MakeInfo({{"gone.jsonl.gz", "", 8, 4}}), rows);
  const Error error =
      ErrorOf([&] { Select({.runs = {dir / "damaged"}, .out = dir / "out2", .top = 4}); });
  EXPECT_THAT(error.message(),
              HasSubstr("row 'x1' has neither a place in an input file nor a record"));
}

const std::vector<std::string> kChats = {
    R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})",
    R"({"messages": [{"role": "assistant", "content": "c"}]})",
    R"({"messages": [{"role": "user", "content": "d"}, {"role": "assistant", "content": "e", )"
    R"("reasoning": "f", "train": false}, {"role": "assistant", "content": "g"}], )"
    R"("tools": [{"x": 1}]})"};

TEST(Select, RowsThatAFormatCannotSayAreCountedAndNamed) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kChats, "", "\n", "\n");
  const SelectSummary summary = Select(
      {.runs = {scored.run}, .out = dir / "out", .format = ExportFormat::kLlamaFactory, .top = 3});
  EXPECT_EQ(summary.selected, 1);
  EXPECT_EQ(summary.unfit, 2);
  EXPECT_THAT(summary.unfit_by_reason,
              ElementsAre(std::pair("excluded-turn", 1), std::pair("roles-do-not-alternate", 1)));
  EXPECT_THAT(summary.unfit_examples, ElementsAre(HasSubstr(":2: message 1: "), HasSubstr(":3: ")));
  EXPECT_THAT(summary.sets.back().by_teacher, ElementsAre(std::pair("t0", 1)));
  const auto manifest = nlohmann::json::parse(ReadFile(summary.manifest_file));
  EXPECT_EQ(manifest["sets"]["selected"]["rows"], 1);
  EXPECT_EQ(manifest["rows"].size(), 1u);
  EXPECT_EQ(manifest["unfit"]["excluded-turn"], 1);
  EXPECT_EQ(manifest["format"], "llamafactory");
  EXPECT_EQ(manifest["data_file"]["xxh3_128"], HashFile(summary.data_file));
  const auto row = nlohmann::json::parse(ReadFile(summary.data_file));
  EXPECT_EQ(row["rsr"]["record"], kChats[0]);
  EXPECT_THAT(ReadFile(dir / "out/rejected.jsonl"), HasSubstr(R"("line":2,"row":1,"id":"run-1")"));
  EXPECT_TRUE(std::filesystem::exists(dir / "out/dataset_info.json"));

  const Scored bad = Score(dir, "bad", {kChats[1]}, "", "\n", "\n");
  const SelectOptions options{
      .runs = {bad.run}, .out = dir / "none", .format = ExportFormat::kLlamaFactory, .top = 1};
  EXPECT_THAT(ErrorOf([&] { Select(options); }).message(),
              HasSubstr("none of the 1 chosen rows can be written in this format"));
  EXPECT_FALSE(std::filesystem::exists(dir / "none/selected.jsonl"));
}

// All of one problem; the best is one that the format cannot say.
TEST(Select, TheNextBestTakesThePlaceOfARowThatDoesNotFit) {
  const Scratch dir;
  const Scored scored =
      Score(dir, "run", {kChats[1], kChats[0], kChats[0]}, "", "\n", "\n");  // values 1 3 5
  SelectOptions options{.runs = {scored.run},
                        .out = dir / "next",
                        .format = ExportFormat::kLlamaFactory,
                        .per_problem = 1};
  SelectSummary summary = Select(options);
  EXPECT_EQ(summary.selected, 1);
  EXPECT_EQ(summary.unfit, 1);
  auto manifest = nlohmann::json::parse(ReadFile(summary.manifest_file));
  EXPECT_EQ(manifest["rows"][0]["id"], "run-1");
  EXPECT_EQ(manifest["rows"][0]["rank_in_problem"], 2);
  EXPECT_EQ(manifest["passed_over"], nlohmann::json({{"unfit", 1}, {"per-problem", 1}}));
  EXPECT_THAT(ReadFile(dir / "next/rejected.jsonl"), HasSubstr(R"("id":"run-0")"));

  options.out = dir / "drop";
  options.replace_unfit = false;
  EXPECT_THAT(ErrorOf([&] { Select(options); }).message(),
              HasSubstr("none of the 1 chosen rows can be written"));
  options.out = dir / "drop2";
  options.per_problem = 2;
  summary = Select(options);
  EXPECT_EQ(summary.selected, 1);
  EXPECT_EQ(summary.selected_tokens, 1);
  manifest = nlohmann::json::parse(ReadFile(summary.manifest_file));
  EXPECT_EQ(manifest["passed_over"], nlohmann::json({{"unfit", 1}, {"per-problem", 1}}));
}

TEST(Select, SaysWhatWasNoChoiceOrNoLimit) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kRecords, "", "\n", "\n");
  int n = 0;
  const auto warnings = [&](SelectOptions options) {
    options.runs = {scored.run};
    options.out = dir / Name("out", n++);
    return Select(options).warnings;
  };
  EXPECT_THAT(warnings({.per_problem = 2}), ElementsAre());
  EXPECT_THAT(warnings({.per_problem = 3}), ElementsAre(HasSubstr("more than 3 candidates")));
  EXPECT_THAT(
      warnings({.top = 7}),
      ElementsAre(HasSubstr("fewer than the 7 rows asked for: 6 of 6 candidates were taken")));
  EXPECT_THAT(warnings({.budget_tokens = 7}),
              ElementsAre(HasSubstr("the budget of 7 scored tokens is larger")));
  EXPECT_THAT(warnings({.budget_tokens = 5}), ElementsAre());
  EXPECT_THAT(warnings({.top = 7, .budget_tokens = 3}), ElementsAre());
  EXPECT_THAT(warnings({.top = 2, .budget_tokens = 5}), ElementsAre());
  EXPECT_THAT(warnings({.per_problem = 1, .top = 1}), ElementsAre());
  EXPECT_THAT(warnings({.per_problem = 1, .budget_tokens = 1}), ElementsAre());
  EXPECT_THAT(warnings({.per_problem = 1, .quotas = {"problem_id:p0=0"}}),
              ElementsAre(HasSubstr("1 of 2 problems have no row in the selection")));
  EXPECT_THAT(warnings({.top = 3, .quotas = {"teacher:t0=0"}}), ElementsAre());
  EXPECT_THAT(warnings({.per_problem = 1, .chi2_weights = true}), ElementsAre());
  EXPECT_THAT(
      warnings({.top = 3, .quotas = {"teacher:*=20%,t0=0"}}),
      ElementsAre(HasSubstr("fewer than the 3 rows asked for: 2 of 6 candidates were taken")));
  EXPECT_THAT(warnings({.per_problem = 1, .where = "teacher = 't0'"}),
              ElementsAre(HasSubstr("more than 1 candidate:")));
}

// A share of a budget that nothing fills is one of the tokens that there are.
TEST(Select, SharesOfABudgetBeyondThePoolAreOfThePool) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kRecords, "", "\n", "\n");  // six tokens
  for (const auto& [budget, most] : {std::pair{int64_t{1000}, 3}, {int64_t{4}, 2}}) {
    const SelectSummary summary = Select({.runs = {scored.run},
                                          .out = dir / Name("out", budget),
                                          .budget_tokens = budget,
                                          .quotas = {"problem_id:p0=50%"}});
    ASSERT_EQ(summary.quotas.size(), 1u);
    EXPECT_EQ(summary.quotas[0].max_tokens, most);
    EXPECT_EQ(summary.quotas[0].tokens, most);
  }
}

// Without quotas all six rows would be taken, or one of each problem.
TEST(Select, SharesOfRowsAreOfWhatWouldBeTaken) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kRecords, "", "\n", "\n");
  const auto most = [&](SelectOptions options) {
    options.runs = {scored.run};
    options.out = dir / Name("out", options.top);
    options.quotas = {"teacher:*=50%"};
    return Select(options).quotas.at(0).max_rows;
  };
  EXPECT_EQ(most({.top = 1000}), 3);
  EXPECT_EQ(most({.top = 4}), 2);
  EXPECT_EQ(most({.per_problem = 1}), 1);
}

// Rows of one to six tokens, best first.
std::string RunOfLengths(const Scratch& dir) {
  std::ofstream(dir / "input") << "{}\n";
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 6; ++i) {
    rows.push_back(MakeRow(
        i, Name("id", i), Name("p", i / 3), Name("t", i % 2),
        std::vector<test::Token>(static_cast<size_t>(i + 1), {1, static_cast<int32_t>(i + 1)})));
    rows.back().length = 2;
    rows.back().correct = i % 3 != 1;
  }
  rows.push_back(MakeRow(6, "empty", "p0", "t0", {}));
  rows.back().length = 2;
  test::WriteRun(dir / "run", MakeInfo({{dir / "input", HashBytes("{}\n"), 3, 7}}), rows);
  return dir / "run";
}

TEST(Select, SummaryCountsRowsAndTokens) {
  const Scratch dir;
  const SelectSummary summary = Select(
      {.runs = {RunOfLengths(dir)}, .out = dir / "out", .top = 4, .quotas = {"teacher:*=3"}});
  EXPECT_EQ(summary.selected_tokens, 1 + 2 + 3 + 4);
  EXPECT_THAT(summary.left_out_by_reason, ElementsAre(std::pair("no-value", 1)));
  EXPECT_EQ(summary.left_out, 1);
  ASSERT_EQ(summary.quotas.size(), 2u);
  EXPECT_EQ(summary.quotas[0].group, "teacher:t0");
  EXPECT_EQ(summary.quotas[0].rows, 2);
  EXPECT_EQ(summary.quotas[0].tokens, 1 + 3);
  EXPECT_EQ(summary.quotas[1].tokens, 2 + 4);
  EXPECT_THAT(
      ReadFile(summary.data_file),
      HasSubstr(R"("id":"id1","problem_id":"p0","teacher":"t1","source":"","correct":false,)"
                R"("metric":"rsr","score":2.0,"sum_rank_clip":4.0,"sum_surprisal":2.0)"));
}

// All tokens are the same one, so that a row of five and one of six have the same shingle.
TEST(Select, NearDuplicatesArePassedOver) {
  const Scratch dir;
  const SelectSummary summary = Select(
      {.runs = {RunOfLengths(dir)}, .out = dir / "out", .top = 9, .dedup = {.jaccard = 0.9}});
  EXPECT_EQ(summary.selected, 5);
  EXPECT_EQ(summary.passed_over.at("duplicate"), 1);
  const auto manifest = nlohmann::json::parse(ReadFile(summary.manifest_file));
  EXPECT_EQ(manifest["duplicates"],
            nlohmann::json::parse(R"([{"id": "id5", "of": "id4", "similarity": 1.0}])"));
}

TEST(Select, WeightsFollowTheMetricsDirection) {
  const Scratch dir;
  const SelectSummary summary = Select({.runs = {RunOfLengths(dir)},
                                        .out = dir / "out",
                                        .metric = "correct",
                                        .per_problem = 2,
                                        .chi2_weights = true});
  const auto manifest = nlohmann::json::parse(ReadFile(summary.manifest_file));
  std::vector<std::string> rows;
  for (const auto& row : manifest["rows"])
    rows.push_back(fmt::format("{} {}", row["id"].get<std::string>(), row["weight"].get<double>()));
  // Both right rows of a problem are as far above its wrong one.
  EXPECT_THAT(rows, ElementsAre("id0 0.5", "id2 0.5", "id3 0.5", "id5 0.5"));
}

// The best of the two that are taken has all the weight: the other is the last of its problem.
TEST(Select, WeightsAreByDistanceInTheMetricsDirection) {
  const Scratch dir;
  const std::string run = RunOfLengths(dir);
  std::ofstream(dir / "judge.tsv") << "id\tjudge:high\nid0\t1\nid1\t-2\nid2\t3\n";
  const SelectSummary summary = Select({.runs = {run},
                                        .out = dir / "out",
                                        .metric = "judge",
                                        .per_problem = 2,
                                        .quotas = {"teacher:t0=1"},
                                        .join = {dir / "judge.tsv"},
                                        .where = "tokens > 0",
                                        .seed = 7,
                                        .chi2_weights = true});
  const auto manifest = nlohmann::json::parse(ReadFile(summary.manifest_file));
  ASSERT_EQ(manifest["rows"].size(), 2u);
  EXPECT_EQ(manifest["rows"][0]["id"], "id2");
  EXPECT_EQ(manifest["rows"][1]["id"], "id1");
  EXPECT_NEAR(manifest["rows"][0]["weight"].get<double>(), 1, 1e-7);
  EXPECT_NEAR(manifest["rows"][1]["weight"].get<double>(), 0, 1e-7);
  EXPECT_EQ(manifest["options"]["seed"], 7);
  EXPECT_EQ(manifest["options"]["where"], "tokens > 0");
  EXPECT_EQ(manifest["quotas"][0]["candidates"], 2);
  EXPECT_EQ(manifest["quotas"][0]["rows"], 1);
  EXPECT_THAT(ReadFile(summary.data_file), HasSubstr("\"rank\":1,\"candidates\":3"));
}

TEST(Select, SeedReachesTheSignatures) {
  const Scratch dir;
  std::ofstream(dir / "input") << "{}";
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 2; ++i) {
    std::vector<test::Token> tokens(200);
    for (int k = 0; k < 200; ++k)
      tokens[static_cast<size_t>(k)].id = i == 1 && k > 120 ? 900 + k : k;
    rows.push_back(MakeRow(i, Name("id", i), "p", "t", tokens));
    rows.back().length = 2;
  }
  test::WriteRun(dir / "run", MakeInfo({{dir / "input", HashBytes("{}"), 2, 2}}), rows);
  const auto similarity = [&](const char* out, uint64_t seed) {
    const SelectSummary summary = Select({.runs = {dir / "run"},
                                          .out = dir / out,
                                          .top = 2,
                                          .dedup = {.jaccard = 0.1, .permutations = 4096},
                                          .seed = seed});
    const auto manifest = nlohmann::json::parse(ReadFile(summary.manifest_file));
    return manifest["duplicates"].at(0)["similarity"].get<double>();
  };
  const double first = similarity("first", 1);
  EXPECT_NEAR(first, 117.0 / (2 * 196 - 117), 0.04);  // shared and different runs of five
  EXPECT_EQ(similarity("again", 1), first);
  EXPECT_NE(similarity("second", 2), first);
}

// Each set names the rows that it would have had, in the order of their problems.
TEST(Select, ControlsHaveRejectedRowsOfTheirOwn) {
  const Scratch dir;
  const Scored scored =
      Score(dir, "run", {kChats[0], kChats[0], kChats[1], kChats[0], kChats[0], kChats[1]}, "",
            "\n", "\n");  // values 1 3 5, 2 4 1
  const SelectSummary summary = Select({.runs = {scored.run},
                                        .out = dir / "out",
                                        .format = ExportFormat::kLlamaFactory,
                                        .per_problem = 1,
                                        .controls = {Control::kWorst}});
  EXPECT_EQ(summary.unfit, 1);
  EXPECT_THAT(ReadFile(dir / "out/rejected.jsonl"), HasSubstr(R"("id":"run-5")"));
  const std::string rejected = ReadFile(dir / "out/controls/worst/rejected.jsonl");
  EXPECT_THAT(rejected, HasSubstr(R"("id":"run-2")"));
  EXPECT_THAT(rejected, ::testing::Not(HasSubstr(R"("id":"run-5")")));
  const auto manifest = nlohmann::json::parse(ReadFile(dir / "out/controls/worst/manifest.json"));
  EXPECT_EQ(manifest["rows"].at(0)["id"], "run-1");
  EXPECT_EQ(manifest["rows"].at(1)["id"], "run-4");
  EXPECT_FALSE(manifest.contains("passed_over"));  // of the selection
}

TEST(Select, OtherSeedsDrawOtherControls) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", std::vector<std::string>(60, "{}"), "", "\n", "\n");
  const auto drawn = [&](const char* out, uint64_t seed) {
    Select({.runs = {scored.run},
            .out = dir / out,
            .top = 20,
            .controls = {Control::kRandom},
            .seed = seed});
    std::vector<std::string> ids;
    const auto manifest = nlohmann::json::parse(
        ReadFile(dir / (out + std::string("/controls/random/manifest.json"))));
    for (const auto& row : manifest["rows"]) ids.push_back(row["id"]);
    EXPECT_EQ(ids.size(), 20u);
    return ids;
  };
  const auto first = drawn("first", 1);
  EXPECT_EQ(first, drawn("again", 1));
  EXPECT_NE(first, drawn("second", 2));
}

// The best and the worst of six rows are the same ones only where all are taken.
TEST(Select, SaysOfAControlThatItIsNothingButTheSelection) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kRecords, "", "\n", "\n");
  for (int64_t top = 1; top <= 6; ++top) {
    const SelectSummary summary = Select({.runs = {scored.run},
                                          .out = dir / Name("out", top),
                                          .top = top,
                                          .controls = {Control::kWorst}});
    EXPECT_EQ(summary.sets.at(2).also_selected, std::max<int64_t>(0, 2 * top - 6));
    if (top < 6) {
      EXPECT_THAT(summary.warnings, ElementsAre()) << top;
    } else {
      EXPECT_THAT(summary.warnings,
                  ElementsAre(HasSubstr("the control worst has only rows of the selection")));
    }
  }
}

TEST(Select, SaysOfAQuotaThatItLimitsNothing) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kRecords, "", "\n", "\n");
  // No row has a label, so none has a problem_accuracy.
  EXPECT_THAT(
      Select({.runs = {scored.run},
              .out = dir / "out",
              .top = 2,
              .quotas = {"problem_accuracy:0..0.5=50%,0.5..1=50%", "teacher:*=2"}})
          .warnings,
      ElementsAre(HasSubstr("the quota problem_accuracy:0..0.5=50%,0.5..1=50% limits nothing")));
}

TEST(Select, ControlsAndWeightsAreWrittenInEveryFormat) {
  const Scratch dir;
  const Scored scored =
      Score(dir, "run", {kChats[0], kChats[1], kChats[0], kChats[0], kChats[0]}, "", "\n", "\n");
  for (const ExportFormat format :
       {ExportFormat::kJsonl, ExportFormat::kOriginal, ExportFormat::kLlamaFactory,
        ExportFormat::kTrl, ExportFormat::kAxolotl, ExportFormat::kParquet}) {
    const std::string out = dir / Name("out", static_cast<int64_t>(format));
    const SelectSummary summary = Select({.runs = {scored.run},
                                          .out = out,
                                          .format = format,
                                          .top = 2,
                                          .controls = {Control::kRandom, Control::kTokenMatched,
                                                       Control::kLengthMatched, Control::kWorst},
                                          .chi2_weights = true});
    ASSERT_EQ(summary.sets.size(), 6u);
    EXPECT_EQ(summary.sets[1].name, "selected");
    EXPECT_EQ(summary.sets[1].also_selected, 2);
    for (const char* name : {"random", "token-matched", "length-matched", "worst"}) {
      const std::string folder = out + "/controls/" + name;
      const auto manifest = nlohmann::json::parse(ReadFile(folder + "/manifest.json"));
      EXPECT_EQ(manifest["set"], name);
      EXPECT_EQ(manifest["rows"].size(), manifest["sets"][name]["rows"]);
      EXPECT_EQ(manifest["data_file"]["xxh3_128"],
                HashFile(folder + "/" + manifest["data_file"]["name"].get<std::string>()));
    }
    double sum = 0;
    const auto manifest = nlohmann::json::parse(ReadFile(summary.manifest_file));
    for (const auto& row : manifest["rows"]) sum += row["weight"].get<double>();
    std::set<std::string> problems;
    for (const auto& row : manifest["rows"]) problems.insert(row["problem_id"]);
    EXPECT_NEAR(sum, static_cast<double>(problems.size()), 1e-9);
    if (format == ExportFormat::kOriginal) {
      EXPECT_THAT(summary.warnings, ElementsAre(HasSubstr("no place for weights")));
    } else if (format != ExportFormat::kParquet) {
      EXPECT_THAT(ReadFile(summary.data_file), HasSubstr("\"weight\":"));
    }
  }
}

// What was not scored is not trained on either.
TEST(Select, TrainersGetTheThoughtsThatWereScored) {
  const Scratch dir;
  const std::string chat = R"({"messages": [{"role": "user", "content": "a"}, )"
                           R"({"role": "assistant", "content": "<think>hm</think>b"}]})";
  std::ofstream(dir / "input") << chat;
  const auto answer = [&](const std::string& thinking) {
    RunInfo info = MakeInfo({{dir / "input", HashBytes(chat), int64_t(chat.size()), 1}});
    info.thinking = thinking;
    RunRow row = MakeRow(0, "a", "p", "t", {{1, 1}});
    row.length = static_cast<int64_t>(chat.size());
    test::WriteRun(dir / (thinking + ".run"), info, {row});
    const SelectSummary summary = Select({.runs = {dir / (thinking + ".run")},
                                          .out = dir / thinking,
                                          .format = ExportFormat::kLlamaFactory,
                                          .top = 1});
    const auto written = nlohmann::json::parse(ReadFile(summary.data_file));
    EXPECT_EQ(written["rsr"]["record"], chat);
    return written["conversations"][1]["value"].get<std::string>();
  };
  EXPECT_EQ(answer("as-template"), "<think>hm</think>b");
  EXPECT_EQ(answer("keep"), "<think>\nhm\n</think>\n\nb");
  EXPECT_EQ(answer("drop"), "b");
}

TEST(Select, RowsFollowTheThinkingOfTheirOwnRunAndTheMaskLast) {
  const Scratch dir;
  const std::string chat = R"({"messages": [{"role": "user", "content": "a"}, )"
                           R"({"role": "assistant", "content": "<think>hm</think>b"}]})";
  std::ofstream(dir / "input") << chat;
  for (const std::string thinking : {"keep", "drop"}) {
    RunInfo info = MakeInfo({{dir / "input", HashBytes(chat), int64_t(chat.size()), 1}});
    info.thinking = thinking;
    info.mask = "last";
    RunRow row = MakeRow(0, thinking, "p", "t", {{1, thinking == "keep" ? 1 : 2}});
    row.length = static_cast<int64_t>(chat.size());
    test::WriteRun(dir / thinking, info, {row});
  }
  const auto written = [&](ExportFormat format) {
    const SelectSummary summary = Select({.runs = {dir / "keep", dir / "drop"},
                                          .out = dir / Name("out", static_cast<int64_t>(format)),
                                          .format = format,
                                          .top = 2});
    std::istringstream lines(ReadFile(summary.data_file));
    std::vector<nlohmann::json> rows;
    for (std::string line; std::getline(lines, line);) rows.push_back(nlohmann::json::parse(line));
    return rows;
  };
  const auto turns = written(ExportFormat::kLlamaFactory);
  ASSERT_EQ(turns.size(), 2u);
  EXPECT_EQ(turns[0]["conversations"][1]["value"], "<think>\nhm\n</think>\n\nb");
  EXPECT_EQ(turns[1]["conversations"][1]["value"], "b");
  EXPECT_EQ(written(ExportFormat::kTrl).at(1)["completion"][0]["content"], "b");
}

TEST(Select, ParquetHoldsRowsAndRecords) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kChats, "", "\n", "\n");
  const SelectSummary summary = Select(
      {.runs = {scored.run}, .out = dir / "out", .format = ExportFormat::kParquet, .top = 3});
  EXPECT_EQ(summary.selected, 3);
  const auto file = arrow::io::ReadableFile::Open(summary.data_file).ValueOrDie();
  const auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  std::shared_ptr<arrow::Table> table;
  ASSERT_TRUE(reader->ReadTable(&table).ok());
  EXPECT_EQ(table->num_rows(), 3);
  // Fields of messages that no row has are no columns.
  EXPECT_EQ(table->schema()->GetFieldByName("messages")->type()->ToString(),
            "list<element: struct<role: string, content: string, reasoning_content: string, "
            "train: bool>>");
  const auto value = [&](const char* column, int64_t i) {
    return table->GetColumnByName(column)->GetScalar(i).ValueOrDie()->ToString();
  };
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(value("record", i), kChats[i]);
  EXPECT_EQ(value("tools", 0), "null");
  EXPECT_EQ(value("tools", 2), R"([{"x":1}])");
  EXPECT_THAT(value("rsr", 1), HasSubstr("run-1"));
}

TEST(Select, NeverOverwritesASelection) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kRecords, "", "\n", "\n");
  const SelectOptions options{.runs = {scored.run}, .out = dir / "out", .top = 2};
  Select(options);
  EXPECT_THAT(ErrorOf([&] { Select(options); }).message(), HasSubstr("already holds a selection"));
  std::filesystem::remove(dir / "out/manifest.json");
  EXPECT_THAT(ErrorOf([&] { Select(options); }).message(), HasSubstr("selected.jsonl"));
  std::filesystem::remove(dir / "out/selected.jsonl");
  EXPECT_EQ(Select(options).selected, 2);
  // Nor what is no selection: a run's rejected.jsonl, another data set's dataset_info.json.
  EXPECT_THAT(
      ErrorOf([&] { Select({.runs = {scored.run}, .out = scored.run, .top = 1}); }).message(),
      HasSubstr("rejected.jsonl"));
}

TEST(Select, RefusesUnusableOptions) {
  const Scratch dir;
  const Scored scored = Score(dir, "run", kRecords, "", "\n", "\n");
  const std::string out = dir / "out";
  const auto message = [](const SelectOptions& options) {
    return ErrorOf([&] { Select(options); }).message();
  };
  EXPECT_THAT(message({.runs = {scored.run}, .out = out}), HasSubstr("at least 1"));
  EXPECT_THAT(message({.runs = {scored.run}, .out = out, .budget_tokens = -5}),
              HasSubstr("-5 tokens"));
  EXPECT_THAT(message({.runs = {scored.run}, .out = out, .top = 1, .where = "rsr >"}),
              HasSubstr("filter `rsr >`"));
  EXPECT_THAT(message({.runs = {scored.run}, .out = out, .top = 1, .where = "correct"}),
              HasSubstr("6 are filtered out"));
  EXPECT_THAT(message({.runs = {scored.run}, .out = out, .top = 1, .correct_only = true}),
              HasSubstr("has no label"));
  EXPECT_THAT(message({.runs = {scored.run}, .out = out, .top = 1, .quotas = {"teacher:*=0"}}),
              HasSubstr("the quotas leave none of 6"));
  EXPECT_THAT(message({.runs = {scored.run}, .out = out, .per_problem = -1}),
              HasSubstr("-1 per problem"));
  EXPECT_THAT(message({.runs = {scored.run}, .out = out, .metric = "turns", .top = 1}),
              HasSubstr("'turns'"));
  EXPECT_THAT(message({.runs = {scored.run}, .top = 1}), HasSubstr("no output directory"));
  for (const DedupOptions& dedup : {DedupOptions{.jaccard = 1.1},
                                    {.jaccard = -0.1},
                                    {.permutations = 4097},
                                    {.permutations = 0},
                                    {.shingle = 0}}) {
    EXPECT_THAT(message({.runs = {scored.run}, .out = out, .top = 1, .dedup = dedup}),
                HasSubstr("near-duplicates: expected"));
  }
  EXPECT_THAT(message({.runs = {scored.run}, .out = out, .metric = "correct", .top = 1}),
              HasSubstr("nothing to select"));
  EXPECT_THAT(message({.runs = {scored.run}, .out = scored.input, .top = 1}),
              HasSubstr(scored.input));
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace rsr
