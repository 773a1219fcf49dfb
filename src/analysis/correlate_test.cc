#include "rsr/correlate.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "base/delimited.h"
#include "metrics/test_run.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::MakeRow;
using test::Scratch;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kGolden = RSR_SOURCE_DIR "/tests/golden/correlate/";
const std::string kPaper = RSR_SHARED_DIR "/paper/";

// WriteFileAtomic waits for the disk.
void WriteText(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::vector<std::string> Names(const CorrelateReport& report) {
  std::vector<std::string> names;
  for (const MetricCorrelation& metric : report.metrics) names.push_back(metric.metric);
  return names;
}

// (metric, coefficient, student) -> the report's value; student "" is the mean.
std::map<std::tuple<std::string, std::string, std::string>, CorrelationValue> Values(
    const CorrelateReport& report) {
  std::map<std::tuple<std::string, std::string, std::string>, CorrelationValue> values;
  const char* names[] = {"spearman", "pearson", "kendall"};
  for (const MetricCorrelation& metric : report.metrics) {
    for (int c = 0; c < kCoefficients; ++c) {
      for (size_t s = 0; s < report.students.size(); ++s) {
        values[{metric.metric, names[c], report.students[s].name}] = metric.of[c].by_student[s];
      }
      values[{metric.metric, names[c], ""}] = metric.of[c].mean;
    }
  }
  return values;
}

TEST(Correlate, AgreesWithScipyTiesIncluded) {
  const CorrelateReport report = Correlate({.inputs = {kGolden + "table.csv"}, .resamples = 20000});
  EXPECT_TRUE(report.every_permutation);
  EXPECT_EQ(report.permutations, 720);
  const auto values = Values(report);
  const DelimitedTable expected = ReadDelimited(kGolden + "expected.tsv");
  ASSERT_EQ(expected.rows.size(), values.size());
  for (const auto& row : expected.rows) {
    const CorrelationValue& ours = values.at({row.cells[0], row.cells[1], row.cells[2]});
    EXPECT_NEAR(ours.value, *ParseNumber(row.cells[3]), 1e-10) << expected.At(row);
    EXPECT_NEAR(ours.p, *ParseNumber(row.cells[4]), 1e-10) << expected.At(row);
    // Half widths on Fisher's scale, of 20,000 resamples beside all there are: their standard
    // deviation is known to 0.5 % where they are normal.
    const double z = std::atanh(ours.value);
    const double below = z - std::atanh(*ParseNumber(row.cells[5]));
    const double above = std::atanh(*ParseNumber(row.cells[6])) - z;
    EXPECT_NEAR(z - std::atanh(ours.low), below, 0.03 * below) << expected.At(row);
    EXPECT_NEAR(std::atanh(ours.high) - z, above, 0.03 * above) << expected.At(row);
  }
}

TEST(Correlate, ReproducesThePapersTables) {
  if (!std::filesystem::exists(kPaper)) GTEST_SKIP() << "no " << kPaper;
  const CorrelateReport report =
      Correlate({.inputs = {kPaper + "metrics_by_teacher.csv"},
                 .pool = {"deepseek-r1", "qwen3-235b-thinking", "nemotron-super-49b",
                          "qwen3-30b-thinking", "magistral-small", "gpt-oss-20b"},
                 .permutations = 200,
                 .resamples = 10});
  const auto values = Values(report);
  const DelimitedTable expected = ReadDelimited(kPaper + "recomputed.tsv");
  ASSERT_EQ(expected.rows.size(), 3 * report.metrics.size());
  for (const auto& row : expected.rows) {
    const std::string name = row.cells[1] == "kendall_tau_b" ? "kendall" : row.cells[1];
    for (size_t c = 2; c < 5; ++c) {
      EXPECT_NEAR(values.at({row.cells[0], name, expected.columns[c]}).value,
                  *ParseNumber(row.cells[c]), 0.00005001)
          << expected.At(row);
    }
    EXPECT_NEAR(std::abs(values.at({row.cells[0], name, ""}).value), *ParseNumber(row.cells[5]),
                0.00005001)
        << expected.At(row);
  }
  const std::vector<std::string> names = Names(report);
  EXPECT_THAT(std::vector<std::string>(names.begin(), names.begin() + 3),
              ElementsAre("rsr_200_samples", "rsr", "avg_rsr_token_filtered"));
  const Table table = CorrelationTable(report);
  EXPECT_NEAR(std::get<double>(table.rows[0][1]), 0.876, 0.0005);
  EXPECT_NEAR(std::get<double>(table.rows[1][1]), 0.844, 0.0005);
  EXPECT_NEAR(std::get<double>(table.rows[2][1]), 0.791, 0.0005);
  for (size_t s = 0; s < 3; ++s) {
    EXPECT_EQ(report.picks[s].metric, "rsr_200_samples");
    EXPECT_EQ(report.picks[s].teacher, "qwen3-30b-thinking") << report.picks[s].student;
  }
  EXPECT_EQ(report.picks[0].regret, 0);
  EXPECT_NEAR(report.picks[2].regret, 33.0 - 31.2, 1e-12);
}

// Of 99 random orders of eight teachers none is as strong as the perfect one, which counts itself.
TEST(Correlate, PIsNeverZero) {
  const Scratch dir;
  std::string csv = "teacher,metric,score\n";
  for (int t = 0; t < 8; ++t) csv += fmt::format("t{0},{0},{0}\n", t);
  WriteText(dir / "t.csv", csv);
  const CorrelateReport report =
      Correlate({.inputs = {dir / "t.csv"}, .permutations = 99, .resamples = 2});
  EXPECT_FALSE(report.every_permutation);
  EXPECT_DOUBLE_EQ(report.metrics[0].of[0].mean.p, 0.01);
  EXPECT_THAT(report.warnings, IsEmpty());  // eight are enough
}

// Random permutations come near the walk over all of them; the seed decides, and nothing else.
TEST(Correlate, SameSeedSameDigitsInAnyThread) {
  const CorrelateOptions options{
      .inputs = {kGolden + "table.csv"}, .permutations = 700, .resamples = 200, .seed = 5};
  const Table first = AllCoefficientsTable(Correlate(options));
  std::vector<Table> others(3);
  std::vector<std::thread> threads;
  for (Table& other : others) {
    threads.emplace_back([&] { other = AllCoefficientsTable(Correlate(options)); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Table& other : others) EXPECT_EQ(other.rows, first.rows);
  CorrelateOptions changed = options;
  changed.seed = 6;
  EXPECT_NE(AllCoefficientsTable(Correlate(changed)).rows, first.rows);

  CorrelateOptions all = options;
  all.permutations = 720;
  const auto exact = Values(Correlate(all)), random = Values(Correlate(options));
  for (const auto& [key, value] : exact) {
    // 700 draws: a standard deviation is at most 0.019.
    EXPECT_NEAR(random.at(key).p, value.p, 0.08) << std::get<0>(key);
    EXPECT_LE(value.low, value.value);
    EXPECT_GE(value.high, value.value);
  }
}

// A test is worth its name only if p is below 0.05 no more than 5 % of the time when nothing is
// there. 4 standard deviations of 300 studies are 5 points.
TEST(Correlate, PValuesAreHonestAndIntervalsCover) {
  const Scratch dir;
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  int rejected = 0, covered = 0;
  constexpr int kStudies = 300;
  for (int study = 0; study < kStudies; ++study) {
    std::string csv = "student,teacher,metric,score\n";
    std::vector<double> metric(11), score(11);
    for (double& v : metric) v = normal(random);
    for (double& v : score) v = normal(random);
    for (int s = 0; s < 3; ++s) {  // students whose teachers do alike
      for (size_t t = 0; t < metric.size(); ++t) {
        csv += fmt::format("s{},t{},{},{}\n", s, t, metric[t] + 0.3 * normal(random),
                           score[t] + 0.3 * normal(random));
      }
    }
    WriteText(dir / "t.csv", csv);
    const CorrelateReport report =
        Correlate({.inputs = {dir / "t.csv"}, .permutations = 199, .resamples = 200});
    const CorrelationValue& mean = report.metrics[0].of[1].mean;
    rejected += mean.p <= 0.05;
    covered += mean.low <= 0 && 0 <= mean.high;
  }
  EXPECT_LT(rejected, 0.10 * kStudies);
  EXPECT_GT(covered, 0.90 * kStudies);
  EXPECT_LT(covered, kStudies);
}

TEST(Correlate, HoldsOutStudentsAndPicksTeachers) {
  const Scratch dir;
  // `good` orders both students, `lucky` only the first. Low is better for rsr, known to rsr.
  WriteText(dir / "t.csv",
            "student,teacher,good,lucky,rsr,score,notes\n"
            "a,w,1,4,2,10,x\na,x,2,3,1,20,\na,y,3,2,1,30,x\na,z,4,1,3,40,x\n"
            "b,w,1,1,4,1,x\nb,x,3,2,3,2,x\nb,y,2,1,2,3,x\nb,z,4,2,1,4,x\n");
  const CorrelateReport report = Correlate({.inputs = {dir / "t.csv"}, .pool = {"w", "x", "y"}});
  EXPECT_THAT(Names(report), ElementsAre("good", "rsr", "lucky"));
  ASSERT_EQ(report.held_out.size(), 2u);
  EXPECT_EQ(report.held_out[0].student, "a");
  EXPECT_EQ(report.held_out[0].metric, "rsr");  // -1 on b
  EXPECT_NEAR(report.held_out[0].others, 1, 1e-12);
  EXPECT_NEAR(report.held_out[0].here, -0.316, 0.001);  // and the other sign on a
  EXPECT_EQ(report.held_out[1].metric, "good");
  EXPECT_NEAR(report.held_out[1].here, 0.8, 1e-12);
  ASSERT_EQ(report.picks.size(), 6u);
  EXPECT_EQ(report.picks[0].teacher, "y");  // good, a
  EXPECT_EQ(report.picks[1].teacher, "x");  // good, b
  EXPECT_EQ(report.picks[1].regret, 1);
  EXPECT_EQ(report.picks[2].teacher, "x, y");  // rsr, a
  EXPECT_EQ(report.picks[2].regret, 5);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("only 4 teachers (a, b)")));
  EXPECT_THAT(PicksTable(report).rows, ElementsAre(ElementsAre("good", "high*", 0.5, "y", "x"),
                                                   ElementsAre("rsr", "low", 2.5, "x, y", "y"),
                                                   ElementsAre("lucky", "low*", 0.5, "y", "w, y")));
  EXPECT_THAT(ErrorOf([&] {
                Correlate({.inputs = {dir / "t.csv"}, .pool = {"w", "yy"}});
              }).message(),
              HasSubstr("teacher 'yy', which student 'a' does not have"));
}

// Spearman and Pearson disagree about x: its last value turns the one's sign. By hand.
TEST(Correlate, EverythingFollowsTheCoefficientThatWasChosen) {
  const Scratch dir;
  std::string csv = "student,teacher,x,y,score\n";
  for (const char* student : {"a", "b"}) {
    const double x[] = {2, 3, 4, 5, 6, -100}, y[] = {3, 1, 6, 2, 5, 4};
    for (int t = 0; t < 6; ++t) csv += fmt::format("{},t{},{},{},{}\n", student, t, x[t], y[t], t);
  }
  WriteText(dir / "t.csv", csv);
  const auto report = [&](Coefficient coefficient) {
    return Correlate({.inputs = {dir / "t.csv"}, .coefficient = coefficient, .resamples = 20});
  };
  const CorrelateReport spearman = report(Coefficient::kSpearman);
  EXPECT_THAT(Names(spearman), ElementsAre("y", "x"));
  EXPECT_FALSE(spearman.metrics[1].low_is_better);  // 1 - 6 * 30 / 210
  EXPECT_NEAR(std::get<double>(CorrelationTable(spearman).rows[1][5]), 1. / 7, 1e-12);
  EXPECT_EQ(spearman.picks[2].teacher, "t4");
  const CorrelateReport pearson = report(Coefficient::kPearson);
  EXPECT_THAT(Names(pearson), ElementsAre("x", "y"));
  const double r = -250 / std::sqrt(17.5 * (10090 - 80. * 80 / 6));
  EXPECT_TRUE(pearson.metrics[0].low_is_better);
  EXPECT_NEAR(std::get<double>(CorrelationTable(pearson).rows[0][1]), -r, 1e-12);
  EXPECT_NEAR(std::get<double>(CorrelationTable(pearson).rows[0][5]), r, 1e-12);
  EXPECT_EQ(pearson.held_out.at(0).metric, "x");
  EXPECT_NEAR(pearson.held_out[0].others, -r, 1e-12);
  EXPECT_EQ(pearson.picks[0].teacher, "t5");
  EXPECT_EQ(pearson.picks[0].regret, 0);
}

// The interval's width has the degrees of freedom of the student with the fewest teachers:
// Student's t of 0.975 and 0.75 by a printed table.
TEST(Correlate, TheMeanIsAsSureAsTheStudentWithTheFewestTeachers) {
  const Scratch dir;
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  std::string csv = "student,teacher,metric,score\n";
  for (const auto& [student, teachers] : {std::pair{"many", 12}, {"few", 4}}) {
    for (int t = 0; t < teachers; ++t)
      csv += fmt::format("{},t{},{},{}\n", student, t, t + 4 * normal(random), t);
  }
  WriteText(dir / "t.csv", csv);
  const auto half = [&](double confidence) {
    const auto of =
        Correlate({.inputs = {dir / "t.csv"}, .permutations = 10, .confidence = confidence})
            .metrics[0]
            .of[1];
    const auto width = [](const CorrelationValue& v) {
      return std::atanh(v.high) - std::atanh(v.low);
    };
    return std::vector{width(of.mean), width(of.by_student[0]), width(of.by_student[1])};
  };
  const auto wide = half(0.95), narrow = half(0.5);
  EXPECT_NEAR(wide[0] / narrow[0], 3.182446 / 0.764892, 1e-4);
  EXPECT_NEAR(wide[1] / narrow[1], 2.200985 / 0.697445, 1e-4);
  EXPECT_NEAR(wide[2] / narrow[2], 3.182446 / 0.764892, 1e-4);
}

TEST(Correlate, RefusesUnusableOptions) {
  const auto message = [](CorrelateOptions options) {
    options.inputs = {kGolden + "table.csv"};
    return ErrorOf([&] { Correlate(options); }).message();
  };
  EXPECT_THAT(message({.permutations = 0}), HasSubstr("got 0 and 2000"));
  EXPECT_THAT(message({.resamples = 1}), HasSubstr("got 10000 and 1"));
  EXPECT_THAT(message({.confidence = 1}), HasSubstr("confidence must lie between 0 and 1"));
}

TEST(Correlate, AnotherPerformanceIsNoMetricAndAnAliasHasItsDirection) {
  const Scratch dir;
  WriteText(dir / "t.csv", "teacher,grape,performance,aime\nw,1,1,2\nx,2,2,1\ny,3,3,4\nz,4,4,3\n");
  const CorrelateReport report =
      Correlate({.inputs = {dir / "t.csv"}, .performance_column = "aime"});
  EXPECT_THAT(Names(report), ElementsAre("grape"));
  EXPECT_FALSE(report.metrics[0].direction_from_data);
  EXPECT_TRUE(report.metrics[0].low_is_better);
  WriteText(dir / "number.csv", "teacher,seqlss:2,score\nw,1,4\nx,2,3\ny,3,2\nz,4,1\n");
  const MetricCorrelation numbered = Correlate({.inputs = {dir / "number.csv"}}).metrics.at(0);
  EXPECT_FALSE(numbered.direction_from_data);
  EXPECT_FALSE(numbered.low_is_better);
  // Lengths have no better end.
  WriteText(dir / "tokens.csv",
            "teacher,tokens,trajectories,post_training_performance,score\n"
            "w,1,1,1,4\nx,2,2,2,3\ny,3,3,3,2\nz,4,4,4,1\n");
  const CorrelateReport lengths =
      Correlate({.inputs = {dir / "tokens.csv"}, .performance_column = "score"});
  EXPECT_THAT(Names(lengths), ElementsAre("tokens"));
  EXPECT_TRUE(lengths.metrics[0].direction_from_data);
  EXPECT_TRUE(lengths.metrics[0].low_is_better);
  WriteText(dir / "p.csv", "teacher,aime\nw,1\nx,2\ny,3\nz,4\n");
  CorrelateOptions apart{
      .inputs = {dir / "t.csv"}, .performance = dir / "p.csv", .performance_column = "aime"};
  EXPECT_THAT(Names(Correlate(apart)), ElementsAre("grape"));
  WriteText(dir / "q.csv", "teacher,aime,score\nw,1,1\nx,2,2\ny,3,4\nz,4,3\n");
  EXPECT_THAT(Names(Correlate({.inputs = {dir / "q.csv"}, .performance = dir / "q.csv"})),
              ElementsAre("aime"));
  apart.metrics = {"performance"};  // asked for, it is one
  EXPECT_THAT(Names(Correlate(apart)), ElementsAre("performance"));
}

TEST(Correlate, AveragesTheRunsOfATeacherFirst) {
  const Scratch dir;
  WriteText(dir / "once.csv", "student,teacher,rsr,score\na,w,2,1\na,x,3,2\na,y,5,3\na,z,4,5\n");
  WriteText(dir / "runs.csv",
            "student,teacher,run,rsr,score\na,w,1,1,1\na,w,2,3,1\na,x,1,3,2\na,y,1,5,3\n"
            "a,z,1,4,4\na,z,2,4,6\n");
  const auto table = [&](const char* name) {
    return AllCoefficientsTable(Correlate({.inputs = {dir / name}})).rows;
  };
  EXPECT_EQ(table("once.csv"), table("runs.csv"));

  // A performance table of its own; a metrics table without student is of one, named as its file.
  WriteText(dir / "a.tsv", "teacher\trsr\tmore\nw\t2\t0\nx\t3\t0\ny\t5\t0\nz\t4\t0\nq\t\t0\n");
  WriteText(dir / "p.csv", "teacher,auc\nw,1\nx,2\ny,3\nz,5\n");
  const CorrelateReport report = Correlate({.inputs = {dir / "a.tsv"},
                                            .performance = dir / "p.csv",
                                            .performance_column = "auc",
                                            .metrics = {"rsr"}});
  EXPECT_EQ(AllCoefficientsTable(report).rows, table("once.csv"));
  EXPECT_EQ(report.students[0].name, "a");
  EXPECT_THAT(report.warnings[0], HasSubstr("no performance, so left out: q"));
}

TEST(Correlate, ReadsRunsOfSeveralStudents) {
  const Scratch dir;
  int64_t row = 0;
  const auto write = [&](const std::string& name, const std::string& student, int shift) {
    RunInfo info = test::MakeInfo({{"data.jsonl", "h", 1, 24}});
    info.student_hash = student;
    info.student_name = "Student " + student;
    info.student_path = "models/" + student + ".gguf";
    std::vector<RunRow> rows;
    for (int t = 0; t < 4; ++t) {
      const int64_t number = row++;
      rows.push_back(MakeRow(number, test::Name("id", number), "p", test::Name("t", t),
                             {{1, 1 + (t + shift) % 4}}));
    }
    test::WriteRun(dir / name, info, rows);
  };
  write("one", "s1", 0);
  write("two", "s1", 2);
  write("three", "s2", 1);
  WriteText(dir / "p.tsv",
            "student\tteacher\tperformance\n"
            "Student s1\tt0\t1\nStudent s1\tt1\t2\nStudent s1\tt2\t3\nStudent s1\tt3\t4\n"
            "s2\tt0\t4\ns2\tt1\t3\ns2\tt2\t2\ns2\tt3\t1\n");
  const CorrelateOptions options{.inputs = {dir / "one", dir / "two", dir / "three"},
                                 .performance = dir / "p.tsv",
                                 .metrics = {"rsr", "avg_rank"}};
  const CorrelateReport report = Correlate(options);
  ASSERT_EQ(report.students.size(), 2u);
  EXPECT_EQ(report.students[0].name, "Student s1");
  EXPECT_EQ(report.students[1].name, "s2");  // as the performance table calls it
  EXPECT_THAT(report.students[0].metrics[0], ElementsAre(2, 3, 2, 3));  // mean of both runs
  EXPECT_THAT(report.students[1].metrics[0], ElementsAre(2, 3, 4, 1));
  EXPECT_FALSE(report.metrics[0].direction_from_data);
  EXPECT_TRUE(report.metrics[0].low_is_better);

  CorrelateOptions bad = options;
  bad.performance = dir / "none.csv";
  bad.inputs.push_back(dir / "damaged");  // known only once it is read
  std::filesystem::create_directories(dir / "damaged");
  EXPECT_THAT(ErrorOf([&] { Correlate(bad); }).message(), HasSubstr("none.csv"));
  bad = options;
  bad.performance = "";
  EXPECT_THAT(ErrorOf([&] { Correlate(bad); }).hint(), HasSubstr("--performance"));
  bad = options;
  bad.inputs.push_back(dir / "one");
  EXPECT_THAT(ErrorOf([&] { Correlate(bad); }).message(), HasSubstr("is given twice"));
  bad.inputs.back() = dir / "two/../one";
  EXPECT_THAT(ErrorOf([&] { Correlate(bad); }).message(), HasSubstr("is given twice"));
  RunInfo info = test::MakeInfo({{"data.jsonl", "h", 1, 24}});
  info.student_hash = "s1";
  info.mask = "turn";
  test::WriteRun(dir / "masked", info, {MakeRow(90, "id90", "p", "t0", {{1, 1}})});
  bad.inputs.back() = dir / "masked";
  EXPECT_THAT(ErrorOf([&] { Correlate(bad); }).message(), HasSubstr("their masks differ"));
  // A certain token makes a mean of ratios infinite: no value to correlate.
  info.mask = "content";
  test::WriteRun(dir / "certain", info, {MakeRow(91, "id91", "p", "t0", {{0, 1}})});
  bad.inputs.back() = dir / "certain";
  bad.metrics = {"rsr_token_avg"};
  EXPECT_THAT(ErrorOf([&] { Correlate(bad); }).message(),
              HasSubstr("metric 'rsr_token_avg' has no finite value"));
  bad = options;
  info.student_hash = "s3";
  info.student_name = "Student s1";
  test::WriteRun(dir / "namesake", info, {MakeRow(92, "id92", "p", "t0", {{1, 1}})});
  bad.inputs.push_back(dir / "namesake");
  EXPECT_THAT(ErrorOf([&] { Correlate(bad); }).message(), HasSubstr("two students of"));
  bad = options;
  bad.inputs.push_back(dir / "p.tsv");
  EXPECT_THAT(ErrorOf([&] { Correlate(bad); }).message(), HasSubstr("is a directory and"));
}

TEST(Correlate, NamesWhatIsWrongWithFileAndLine) {
  const Scratch dir;
  const std::string good = "student,teacher,rsr,score\na,w,2,1\na,x,3,2\na,y,5,3\na,z,4,5\n";
  const auto error = [&](const std::string& table, const std::string& performance = "",
                         std::vector<std::string> metrics = {}) {
    WriteText(dir / "t.csv", table);
    WriteText(dir / "p.csv", performance);
    return ErrorOf([&] {
      Correlate({.inputs = {dir / "t.csv"},
                 .performance = performance.empty() ? "" : dir / "p.csv",
                 .metrics = metrics});
    });
  };
  const auto expect = [&](const Error& e, const std::string& message, const std::string& hint) {
    EXPECT_THAT(e.message(), HasSubstr(message));
    EXPECT_THAT(e.hint(), HasSubstr(hint));
  };
  expect(error("student,tutor,rsr,score\n"), "no column 'teacher'", "tutor");
  expect(error("student,teacher,rsr,skore\n"), "no column holds the performance",
         "--performance-column");
  expect(error("student,teacher,rsr,score\n"), "holds no rows", "one row");
  expect(error(good + "a,w,2,1\n"), "t.csv:6: student 'a' and teacher 'w' are there already, at ",
         "'run'");
  expect(error(good + "a,,2,1\n"), "t.csv:6: the teacher has no name", "'teacher'");
  expect(error(good + "a,q,2,\n"), "t.csv:6: teacher 'q' has no finite number", "remove");
  expect(error(good + "a,q,2,NaN\n"), "t.csv:6: teacher 'q' has no finite number", "remove");
  expect(error(good + "a,q,2 x,1\n"), "t.csv:6: column 'rsr': expected a number, got '2 x'",
         "without a unit");
  expect(error(good + "a,q,,1\n", "", {"rsr"}), "metric 'rsr' has no finite value at ", "leave it");
  expect(error(good + "a,q,inf,1\n", "", {"rsr"}), "t.csv:6 (teacher 'q')", "leave it");
  expect(error(good + "a,q,nan,1\n"), "no metric has a value for every teacher", "column");
  expect(error(good, "", {"rrs"}), "no column 'rrs'", "'rsr'");
  expect(error("teacher,rsr,score\nw,2,1\nx,2,2\ny,1,3\n"),
         "student 't' has 3 teachers with a performance, expected at least 4", "says nothing");
  expect(error("teacher,rsr,score\nw,2,1\nx,2,1\ny,1,1\nz,1,1\n"), "is 1 for every teacher",
         "constant");
  const std::string header = "student,teacher,score\n";
  expect(error(good, header + "a,w,1\na,ww,1\n"), "p.csv:3: teacher 'ww' of student 'a' is not in ",
         "one of: w, x, y, z");
  expect(error(good, header + "b,w,1\n"), "p.csv:2: student 'b' is not in ", "a");
  expect(error(good, header + "a,w,1\na,w,1\n"), "p.csv:3: student 'a' and teacher 'w' are there",
         "average");
  expect(error(good, header + "a,w,\n"), "p.csv:2: column 'score': expected a finite number",
         "remove the line");
  expect(error(good, header + "a,w,inf\n"), "p.csv:2: column 'score'", "remove the line");
  expect(error(good, header + "a,w,1\n"), "has 1 teacher with a performance", "says nothing");
  expect(error(good, header), "p.csv: holds no rows", "one row");
  expect(error(good + "b,w,1,1\n", "teacher,score\nw,1\n"), "p.csv: there is no column 'student'",
         "add the column");
}

TEST(Correlate, TakesOneValueALine) {
  const Scratch dir;
  WriteText(dir / "wide.csv",
            "student,teacher,rsr,tokens,score\ns,a,4,10,1\ns,b,3,40,2\ns,c,2,,4\ns,d,1,20,3\n");
  WriteText(dir / "long.csv",
            "teacher,note,metric,value,student\na,x,rsr,4,s\nb,,rsr,3,s\nc,,rsr,2,s\nd,,rsr,1,s\n"
            "d,,tokens,20,s\na,,tokens,10,s\nb,,tokens,40,s\na,,score,1,s\nb,,score,2,s\n"
            "c,,score,4,s\nd,,score,3,s\n");
  const CorrelateReport one = Correlate({.inputs = {dir / "long.csv"}});
  const CorrelateReport wide = Correlate({.inputs = {dir / "wide.csv"}});
  EXPECT_EQ(AllCoefficientsTable(one).rows, AllCoefficientsTable(wide).rows);
  EXPECT_EQ(one.warnings.size(), wide.warnings.size());
  const auto error = [&](const std::string& lines) {
    WriteText(dir / "bad.csv", "teacher,metric,value\n" + lines);
    return ErrorOf([&] { Correlate({.inputs = {dir / "bad.csv"}}); }).message();
  };
  EXPECT_THAT(error("a,rsr,1\nb,rsr,1\na,rsr,2\n"),
              AllOf(HasSubstr("bad.csv:4: 'rsr' of the same is there already, at "),
                    HasSubstr("bad.csv:2")));
  EXPECT_THAT(error("a,,1\n"), HasSubstr("bad.csv:2: '' is no name for a metric"));
  EXPECT_THAT(error("a,teacher,1\n"), HasSubstr("bad.csv:2: 'teacher' is no name for a metric"));
  EXPECT_THAT(error("a,rsr,1\n"), HasSubstr("expected one of post_training_performance, "
                                            "performance, score, got teacher, rsr"));
}

TEST(Correlate, LeavesIncompleteMetricsOutAndSaysSo) {
  const Scratch dir;
  WriteText(dir / "t.csv",
            "teacher,same,rsr,part,score\nw,7,2,,1\nx,7,3,1,2\ny,7,5,2,3\nz,7,4,inf,5\n");
  const CorrelateReport report = Correlate({.inputs = {dir / "t.csv"}});
  EXPECT_THAT(Names(report), ElementsAre("rsr", "same"));
  EXPECT_THAT(report.held_out, IsEmpty());
  EXPECT_THAT(report.warnings,
              ElementsAre(AllOf(HasSubstr("metric 'part' has no finite value at"),
                                HasSubstr("t.csv:2 (teacher 'w') and 1 more: left out")),
                          HasSubstr("has no correlation: same"), HasSubstr("only 4 teachers")));
  const Table table = CorrelationTable(report);
  EXPECT_EQ(table.rows[1][1], Cell());
  EXPECT_EQ(PicksTable(report).rows[1][3], Cell());
  // Perfect order: every resample says the same, so there is no interval.
  WriteText(dir / "p.csv", "teacher,rsr,score\nw,1,1\nx,2,2\ny,3,3\nz,4,4\n");
  const auto perfect = Correlate({.inputs = {dir / "p.csv"}}).metrics[0].of[0].mean;
  EXPECT_NEAR(perfect.value, 1, 1e-12);
  EXPECT_TRUE(std::isnan(perfect.low));
  EXPECT_NEAR(perfect.p, 2. / 24, 1e-12);
}

}  // namespace
}  // namespace rsr
