// Passes joined to their runs: only what was made over this run, all of it, and the same way in
// every run.
#include "metrics/passes.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

#include "metrics/test_run.h"
#include "rsr/metrics.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::MakeInfo;
using test::MakeRow;
using test::Scratch;
using ::testing::HasSubstr;

// A run of rows first, first + 1 and first + 2 of three tokens each.
std::string WriteThreeRows(const Scratch& dir, const std::string& name, int64_t first = 0) {
  std::vector<RunRow> rows;
  for (int64_t i = first; i < first + 3; ++i)
    rows.push_back(MakeRow(i, test::Name("id", i), "p", "t", {{1, 1}, {2, 3}, {3, 5}}));
  test::WriteRun(dir / name, MakeInfo({{"data.jsonl", "h", 1, 3}}), rows);
  return dir / name;
}

RunInfo PassInfo(const std::string& pass, const std::string& options = "") {
  RunInfo info = MakeInfo({{"data.jsonl", "h", 1, 3}});
  info.pass = pass;
  info.pass_options = options;
  return info;
}

// Of rows first to last - 1, with values that name pass and row.
void WritePass(const std::string& run, const RunInfo& info, int64_t first, int64_t last,
               bool complete = true) {
  const auto writer = RunWriter::Open(PassPath(run, info.pass), info);
  for (int64_t i = first; i < last; ++i) {
    RunRow row = MakeRow(i, test::Name("id", i), "p", "t", {{1, 1}, {2, 3}, {3, 5}});
    row.tokens = {};
    const auto n = static_cast<double>(i);
    if (info.pass == "ifd") {
      row.pass = {.sum_alone_surprisal = 6 + n, .alone_surprisal = {1, 2, 3}};
    } else {
      row.pass = {.steps = 1,
                  .sum_local_surprisal = 3 * n,
                  .mean_step_surprisal = 2 * n,
                  .local_surprisal = {1, 2, 3},
                  .step = {0, 0, 0}};
    }
    writer->Append(row);
  }
  writer->Finish(complete);
}

std::vector<std::string> Columns(const std::vector<std::string>& runs) {
  std::vector<std::string> names;
  for (const auto& column : Metrics({.runs = runs, .metrics = {"all"}}).columns)
    names.push_back(column.name);
  return names;
}

Error ErrorWith(const std::vector<std::string>& runs, const std::string& metric) {
  return ErrorOf([&] { Metrics({.runs = runs, .metrics = {metric}}); });
}

TEST(Passes, GiveEachRowItsOwnColumnsOfEveryPass) {
  const Scratch dir;
  const std::string run = WriteThreeRows(dir, "run");
  WritePass(run, PassInfo("ifd"), 0, 3);
  WritePass(run, PassInfo("local_surprisal", "k=4"), 0, 3);
  const Table table =
      Metrics({.runs = {run}, .metrics = {"local_surprisal", "ifd", "lalp"}, .by = "trajectory"});
  ASSERT_EQ(table.rows.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const auto n = static_cast<double>(i);
    EXPECT_EQ(table.rows[i][4], Cell(n));
    EXPECT_EQ(table.rows[i][5], Cell(std::exp(-n / 3)));
    EXPECT_EQ(table.rows[i][6], Cell(-2 * n));
  }
}

TEST(Passes, AllMeansThoseThatEveryRunHasWhole) {
  const Scratch dir;
  const std::string one = WriteThreeRows(dir, "one"), two = WriteThreeRows(dir, "two", 3);
  WritePass(one, PassInfo("ifd"), 0, 3);
  EXPECT_THAT(Columns({one}), ::testing::Contains("ifd"));
  EXPECT_THAT(Columns({one, two}), ::testing::Not(::testing::Contains("ifd")));
  WritePass(two, PassInfo("ifd"), 3, 5, /*complete=*/false);
  EXPECT_THAT(Columns({one, two}), ::testing::Not(::testing::Contains("ifd")));
  WritePass(two, PassInfo("ifd"), 5, 6);
  EXPECT_THAT(Columns({one, two}), ::testing::Contains("ifd"));
}

TEST(Passes, AreRefusedWhereTheyAreOfAnotherRun) {
  const Scratch dir;
  const std::string run = WriteThreeRows(dir, "run");
  EXPECT_THAT(ErrorWith({run}, "ifd").message(), HasSubstr("has no pass 'ifd'"));
  EXPECT_THAT(ErrorWith({run}, "ifd").hint(), HasSubstr("rsr extend " + run + " --add ifd"));
  for (int what = 0; what < 4; ++what) {
    RunInfo info = PassInfo("ifd");
    if (what == 0) info.pass = "local_surprisal";
    if (what == 1) info.student_hash = "other";
    if (what == 2) info.template_hash = "other";
    if (what == 3) info.mask = "turn";
    WritePass(run, info, 0, 3);
    if (what == 0) std::filesystem::rename(PassPath(run, info.pass), PassPath(run, "ifd"));
    EXPECT_THAT(ErrorWith({run}, "ifd").message(), HasSubstr("is not a pass over this run"))
        << what;
    std::filesystem::remove_all(PassPath(run, "ifd"));
  }
}

TEST(Passes, AreRefusedWhereRunsHaveThemWithOtherOptions) {
  const Scratch dir;
  const std::string one = WriteThreeRows(dir, "one"), two = WriteThreeRows(dir, "two", 3),
                    three = WriteThreeRows(dir, "three", 6);
  WritePass(one, PassInfo("local_surprisal", "k=4"), 0, 3);
  WritePass(two, PassInfo("local_surprisal", "k=4"), 3, 6);
  WritePass(three, PassInfo("local_surprisal", "k=2"), 6, 9);
  EXPECT_EQ(Metrics({.runs = {one, two}, .metrics = {"lalp"}}).rows.size(), 1u);
  const Error error = ErrorWith({one, two, three}, "lalp");
  EXPECT_THAT(error.message(),
              HasSubstr("passes 'local_surprisal' have other options: k=4 and k=2"));
  EXPECT_THAT(error.message(), HasSubstr(one));
  EXPECT_THAT(error.message(), HasSubstr(three));
}

TEST(Passes, ThatStoppedSayWhichRowTheyLack) {
  const Scratch dir;
  const std::string run = WriteThreeRows(dir, "run");
  WritePass(run, PassInfo("ifd"), 0, 3);
  WritePass(run, PassInfo("local_surprisal"), 0, 2, /*complete=*/false);
  EXPECT_THAT(ErrorWith({run}, "lalp").message(),
              HasSubstr("the pass 'local_surprisal' lacks row 2 ('id2')"));
  const Error error = ErrorOf([&] {
    Metrics({.runs = {run}, .metrics = {"ifd", "local_surprisal"}});
  });
  EXPECT_THAT(error.message(), HasSubstr("one of the passes ifd, local_surprisal lacks row 2"));
  EXPECT_THAT(error.hint(), HasSubstr("--add ifd --add local_surprisal"));
}

}  // namespace
}  // namespace rsr
