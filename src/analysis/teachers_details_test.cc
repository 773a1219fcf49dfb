// Neighbours, sources, lengths and copies; the ranking itself is in teachers_test.cc.
#include <gmock/gmock.h>

#include <cmath>
#include <random>
#include <thread>

#include "analysis/interval.h"
#include "analysis/rank_teachers.h"
#include "metrics/test_run.h"
#include "rsr/teachers.h"

namespace rsr {
namespace {

using test::Loaded;
using test::MakeRow;
using test::Name;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Two teachers whose mean surprisal differs by 0.1, with a paired spread of 0.4 a problem.
std::vector<RunRow> Noisy(int problems) {
  std::mt19937_64 random(9);
  std::normal_distribution<float> shared(3, 0.5), own(0, 0.4f / std::sqrt(2.0f));
  std::vector<RunRow> rows;
  for (int p = 0; p < problems; ++p) {
    const float problem = shared(random);
    for (int t = 0; t < 2; ++t) {
      const auto row = static_cast<int64_t>(rows.size());
      const float s = problem + own(random) + 0.1f * static_cast<float>(t);
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{s, 1}}));
    }
  }
  return rows;
}

TEST(TeacherPairs, SayHowSureTheOrderIsAndWhatIsMissing) {
  const ScoredRows data = Loaded(Noisy(40), {"avg_surprisal"});
  const TeachersReport report = RankTeachers(data, {.metric = "avg_surprisal"});
  ASSERT_EQ(report.pairs.size(), 1u);
  const TeacherPair& pair = report.pairs[0];
  EXPECT_EQ(report.teachers[0].p_next, pair.p_order);
  EXPECT_TRUE(std::isnan(report.teachers[1].p_next));
  // The same by the textbook: a mean of 40 paired differences.
  double sum = 0, squares = 0;
  for (size_t i = 0; i < data.rows.size(); i += 2) {
    const double d = data.Value(data.rows[i + 1]) - data.Value(data.rows[i]);
    sum += d;
    squares += d * d;
  }
  const double error = std::sqrt((squares - sum * sum / 40) / 39 / 40);
  const double mean = std::abs(sum / 40);  // of so few either may come first
  EXPECT_EQ(pair.better, sum > 0 ? "t0" : "t1");
  EXPECT_NEAR(pair.margin, mean, 1e-12);
  EXPECT_NEAR(pair.p_order, NormalCdf(mean / error), 0.03);
  EXPECT_NEAR(pair.low, mean - 2.0227 * error, 0.2 * error);  // t of 39 degrees
  EXPECT_NEAR(pair.high, mean + 2.0227 * error, 0.2 * error);
  ASSERT_LT(pair.p_order, 0.95);
  const double needed = 40 * std::pow(1.644854 * error / mean, 2);
  EXPECT_NEAR(static_cast<double>(pair.more_problems), needed - 40, 0.1 * needed);
  EXPECT_EQ(pair.more_trajectories, 2 * pair.more_problems);
  const TeachersReport strict = RankTeachers(data, {.metric = "avg_surprisal", .confidence = 0.99});
  EXPECT_NEAR(static_cast<double>(strict.pairs[0].more_problems + 40),
              40 * std::pow(2.326348 * error / mean, 2), 0.1 * 2 * needed);
  for (const char* twice : {"t0", "t1"}) {  // three trajectories a problem
    std::vector<RunRow> rows = Noisy(40);
    for (int64_t i = 0; i < 80; ++i) {
      if (rows[static_cast<size_t>(i)].teacher != twice) continue;
      rows.push_back(rows[static_cast<size_t>(i)]);
      rows.back().row = 80 + i;
      rows.back().id = Name("more", i);
    }
    const TeacherPair uneven =
        RankTeachers(Loaded(rows, {"avg_surprisal"}), {.metric = "avg_surprisal"}).pairs.at(0);
    EXPECT_GT(uneven.more_problems, 0);
    EXPECT_EQ(uneven.more_trajectories, 3 * uneven.more_problems);
  }

  // Many more problems are enough, and nothing is missing then.
  const TeachersReport enough =
      RankTeachers(Loaded(Noisy(400), {"avg_surprisal"}), {.metric = "avg_surprisal"});
  EXPECT_GE(enough.pairs[0].p_order, 0.95);
  EXPECT_EQ(enough.pairs[0].more_problems, 0);
}

// Of ten problems, so few that the resamples' variance is a tenth short.
TEST(TeacherPairs, TenProblemsSayHowManyMore) {
  std::vector<RunRow> rows;
  const float differences[] = {1, -1, 0.75f, -0.5f, 1, -0.75f, 0.5f, -0.25f, 0.75f, 0.25f};
  double sum = 0, squares = 0;
  for (int p = 0; p < 10; ++p) {
    for (int t = 0; t < 2; ++t) {
      const auto row = static_cast<int64_t>(rows.size());
      const float s = 3 + (t == 1 ? differences[p] : 0);
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{s, 1}}));
    }
    sum += differences[p];
    squares += differences[p] * differences[p];
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"avg_surprisal"}),
                                             {.metric = "avg_surprisal", .resamples = 40000});
  const TeacherPair& pair = report.pairs.at(0);
  EXPECT_EQ(pair.better, "t0");
  const double error = std::sqrt((squares - sum * sum / 10) / 9 / 10);
  const double needed = 10 * std::pow(1.644854 * error / (sum / 10), 2);
  EXPECT_NEAR(static_cast<double>(pair.more_problems), needed - 10, 0.03 * needed + 1);
}

TEST(TeacherPairs, EqualTeachersCannotBeToldApart) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 12; ++p) {
    for (int t = 0; t < 2; ++t) {
      const auto row = static_cast<int64_t>(rows.size());
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{1, 1 + p % 3}}));
    }
  }
  const TeacherPair pair = RankTeachers(Loaded(rows, {"rsr"}), {}).pairs.at(0);
  EXPECT_EQ(pair.margin, 0);
  EXPECT_EQ(pair.p_order, 0.5);
  EXPECT_EQ(pair.more_problems, -1);
  EXPECT_EQ(TeacherPairsTable({.pairs = {pair}}).rows[0][6], Cell());
  // As sure as a coin is what half is asked for.
  const TeacherPair half = RankTeachers(Loaded(rows, {"rsr"}), {.confidence = 0.5}).pairs.at(0);
  EXPECT_EQ(half.more_problems, 0);
  EXPECT_EQ(TeacherPairsTable({.pairs = {half}}).rows[0][6], Cell(int64_t{0}));
}

// A margin of a millionth of its spread would take some 10^12 problems: as good as never.
TEST(TeacherPairs, MillionsOfProblemsAreNever) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 20; ++p) {
    for (int t = 0; t < 2; ++t) {
      rows.push_back(
          MakeRow(2 * p + t, Name("id", 2 * p + t), Name("p", p), Name("t", t), {{1, 1}}));
      rows.back().sum_surprisal = t == 0 ? 3 : 3 + (p % 2 == 0 ? 1 : -1) + 1e-6;
    }
  }
  const TeacherPair pair =
      RankTeachers(Loaded(rows, {"avg_surprisal"}), {.metric = "avg_surprisal"}).pairs.at(0);
  EXPECT_NEAR(pair.margin, 1e-6, 1e-9);
  EXPECT_EQ(pair.more_problems, -1);
}

TEST(TeacherPairs, MarginsOfAMetricOfWhichMoreIsBetter) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 20; ++p) {
    for (int t = 0; t < 2; ++t) {
      rows.push_back(
          MakeRow(2 * p + t, Name("id", 2 * p + t), Name("p", p), Name("t", t), {{1, 1}}));
      rows.back().correct = t == 1 || p % 4 == 0;
    }
  }
  const TeacherPair pair =
      RankTeachers(Loaded(rows, {"correct"}), {.metric = "correct"}).pairs.at(0);
  EXPECT_EQ(pair.better, "t1");
  EXPECT_EQ(pair.margin, 0.75);
  EXPECT_GT(pair.low, 0.3);
  EXPECT_GT(pair.high, 0.75);
  EXPECT_LE(pair.high, 1);
}

TEST(TeacherPairs, NineProblemsMakeNothingSure) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 10; ++p) {
    for (int t = 0; t < 2; ++t) {
      const auto row = static_cast<int64_t>(rows.size());
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{1, 1 + t}}));
    }
  }
  const TeachersReport ten = RankTeachers(Loaded(rows, {"rsr"}), {});
  EXPECT_FALSE(ten.few_problems);
  EXPECT_EQ(ten.pairs.at(0).more_problems, 0);
  rows.resize(18);
  const TeachersReport few = RankTeachers(Loaded(rows, {"rsr"}), {});
  EXPECT_TRUE(few.few_problems);
  EXPECT_EQ(few.pairs.at(0).p_order, 1);
  EXPECT_EQ(few.pairs.at(0).more_problems, -1);
}

TEST(TeacherPairs, FewValuesOfOneTeacherMakeNothingSure) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 20; ++p) {
    for (int t = 0; t < (p < 9 ? 2 : 1); ++t) {
      const auto row = static_cast<int64_t>(rows.size());
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{1, 1 + t}}));
    }
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"rsr"}), {});
  EXPECT_FALSE(report.few_problems);
  EXPECT_EQ(report.pairs.at(0).p_order, 1);
  EXPECT_EQ(report.pairs[0].more_problems, -1);
}

TEST(TeacherPairs, ProblemsWithoutAValueDoNotCount) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 20; ++p) {
    for (int t = 0; t < 2; ++t) {
      const auto row = static_cast<int64_t>(rows.size());
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{1, 1}}));
      if (p < 9) rows.back().correct = t == 0;
    }
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"correct"}), {.metric = "correct"});
  EXPECT_TRUE(report.few_problems);
  EXPECT_THAT(report.warnings, Contains(HasSubstr("only 9 problems")));
  EXPECT_THAT(report.warnings, Not(Contains(HasSubstr("have a value for every teacher"))));
}

TEST(TeacherSlices, WarnWhereASourceTurnsTheOrder) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 40; ++p) {
    const bool odd = p % 4 == 3;  // where t1 is better
    for (int t = 0; t < 2; ++t) {
      const auto row = static_cast<int64_t>(rows.size());
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t),
                             {{1, odd ? 4 - t : 2 + t + p % 2}}));
      rows.back().source = odd ? "code" : "math";
    }
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"rsr"}), {});
  EXPECT_EQ(report.teachers[0].teacher, "t0");
  EXPECT_THAT(report.warnings, ElementsAre(AllOf(HasSubstr("the order flips in source code"),
                                                 HasSubstr("'t1' is better than 't0' (P 1.000)"))));
  ASSERT_EQ(report.by_source.size(), 4u);
  EXPECT_EQ(report.by_source[0].slice, "math");  // the largest first
  EXPECT_EQ(report.by_source[0].trajectories, 30);
  EXPECT_EQ(report.by_source[0].p_best, 1);
  EXPECT_EQ(report.by_source[3].slice, "code");
  EXPECT_EQ(report.by_source[3].teacher, "t1");
  EXPECT_EQ(report.by_source[3].p_best, 1);
  const Table table = SlicesTable(report, report.by_source);
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[1][2], Cell("t1"));
}

// Twelve teachers that are all the same: in each of five sources some of the 66 pairs turn by
// chance.
TEST(TeacherSlices, ChanceTurnsNothing) {
  int warnings = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> surprisal(3, 0.5);
    std::vector<RunRow> rows;
    for (int p = 0; p < 100; ++p) {
      for (int t = 0; t < 12; ++t) {
        const auto row = static_cast<int64_t>(rows.size());
        rows.push_back(
            MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{surprisal(random), 1}}));
        rows.back().source = Name("source", p % 5);
      }
    }
    const TeachersReport report = RankTeachers(Loaded(rows, {"avg_surprisal"}),
                                               {.metric = "avg_surprisal", .resamples = 1000});
    for (const std::string& warning : report.warnings)
      warnings += warning.starts_with("the order flips in source");
  }
  // Of 100 sources; with 0.95 for each pair it would be nearly all of them.
  EXPECT_LT(warnings, 8) << warnings;
}

TEST(TeacherSlices, FewProblemsTurnNothingAndOnlyTheLargestAreCompared) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 120; ++p) {
    const bool odd = p >= 111;  // nine problems of a source of their own, where t1 is better
    for (int t = 0; t < 2; ++t) {
      const auto row = static_cast<int64_t>(rows.size());
      rows.push_back(
          MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{1, odd ? 4 - t : 2 + t}}));
      rows.back().source = odd ? "odd" : Name("source", p % 22);
    }
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"rsr"}), {});
  EXPECT_THAT(report.warnings, ElementsAre("23 sources: only the 20 largest are compared"));
  ASSERT_EQ(report.by_source.size(), 40u);
  EXPECT_EQ(report.by_source[0].slice, "odd");  // nine problems; the others have five or six
  EXPECT_EQ(report.by_source[0].value, 4);
  EXPECT_EQ(report.by_source[1].p_best, 1);
}

// Of a source of 200 problems t0 is better, of others of ten each t1.
TEST(TeacherSlices, FiveFlipsAreNamedAndTheOthersCounted) {
  for (const int flipped : {5, 7}) {
    std::vector<RunRow> rows;
    for (int p = 0; p < 200 + 10 * flipped; ++p) {
      const bool odd = p >= 200;
      for (int t = 0; t < 2; ++t) {
        const auto row = static_cast<int64_t>(rows.size());
        rows.push_back(
            MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{1, odd ? 4 - t : 2 + t}}));
        rows.back().source = odd ? Name("odd", (p - 200) / 10) : "main";
      }
    }
    const std::vector<std::string> warnings = RankTeachers(Loaded(rows, {"rsr"}), {}).warnings;
    ASSERT_EQ(warnings.size(), flipped == 5 ? 5u : 6u);
    for (size_t i = 0; i < 5; ++i)
      EXPECT_THAT(warnings[i], HasSubstr("the order flips in source odd" + std::to_string(i)));
    if (flipped == 7) {
      EXPECT_EQ(warnings[5], "... and in 2 more");
    }
  }
}

// Of one pair nothing is shared out: a flip is told of when it is as sure as the confidence asks.
TEST(TeacherSlices, AFlipOfOnePairIsAsSureAsTheConfidence) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 80; ++p) {
    for (int t = 0; t < 2; ++t) {
      const auto row = static_cast<int64_t>(rows.size());
      const bool odd = p >= 60;  // where t1 is better on three problems of four
      const int rank = odd ? (t == 0 || p % 4 == 0 ? 4 : 3) + (t == 1 && p % 4 == 0) : 2 + 2 * t;
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t), {{1, rank}}));
      rows.back().source = odd ? "code" : "math";
    }
  }
  const auto report = [&](double confidence) {
    return RankTeachers(Loaded(rows, {"rsr"}), {.confidence = confidence});
  };
  const double p = report(0.95).by_source.at(3).p_best;
  EXPECT_GT(p, 0.95);
  ASSERT_LT(p, 0.9999);
  EXPECT_THAT(report(p - 0.01).warnings, Contains(HasSubstr("the order flips in source code")));
  EXPECT_THAT(report(p + (1 - p) / 2).warnings, IsEmpty());
}

TEST(TeacherSlices, TwentySourcesAreAllCompared) {
  std::vector<RunRow> rows;
  for (int i = 0; i < 80; ++i) {
    rows.push_back(MakeRow(i, Name("id", i), Name("p", i / 2), Name("t", i % 2), {{1, 1 + i % 2}}));
    rows.back().source = Name("s", i / 2 % 20);
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"rsr"}), {});
  EXPECT_EQ(report.by_source.size(), 40u);
  EXPECT_THAT(report.warnings, IsEmpty());
}

// t1 has labels of math alone: no share of the resamples of code is its.
TEST(TeacherSlices, ATeacherWithoutAValueHasNoShare) {
  std::vector<RunRow> rows;
  for (int i = 0; i < 80; ++i) {
    rows.push_back(MakeRow(i, Name("id", i), Name("p", i / 2), Name("t", i % 2), {{1, 1}}));
    rows.back().source = i < 60 ? "math" : "code";
    if (i < 60 || i % 2 == 0) rows.back().correct = i % 3 == 0;
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"correct"}), {.metric = "correct"});
  for (const TeacherSlice& slice : report.by_source) {
    const bool none = slice.slice == "code" && slice.teacher == "t1";
    EXPECT_EQ(std::isnan(slice.p_best), none);
    EXPECT_EQ(std::isnan(slice.value), none);
    EXPECT_EQ(slice.problems, none ? 0 : slice.slice == "code" ? 10 : 30);
  }
}

TEST(TeacherSlices, BandsOfLengthAreQuartersRoundedUp) {
  std::vector<RunRow> rows;
  for (int i = 0; i < 10; ++i) {
    rows.push_back(MakeRow(i, Name("id", i), Name("p", i / 2), Name("t", i % 2),
                           std::vector<test::Token>(static_cast<size_t>(1 + i), {1, 1 + i % 2})));
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"rsr"}), {});
  std::vector<std::string> bands;
  for (size_t i = 0; i < report.by_length.size(); i += 2)
    bands.push_back(report.by_length[i].slice);
  EXPECT_THAT(bands, ElementsAre("1-3 tokens", "4-5 tokens", "6-8 tokens", "9-10 tokens"));
}

TEST(TeacherSlices, TableShowsEightTeachersAndTheFirstOfEquals) {
  TeachersReport report;
  std::vector<TeacherSlice> slices;
  for (int t = 0; t < 9; ++t) {
    report.teachers.push_back({.teacher = Name("t", t)});
    slices.push_back({.slice = "s",
                      .teacher = Name("t", t),
                      .trajectories = 2,
                      .p_best = t == 3 || t == 8 ? 0.4 : 0.02});
  }
  const Table table = SlicesTable(report, slices);
  EXPECT_EQ(table.columns.size(), 4u + 8u);
  EXPECT_THAT(table.rows.at(0), ::testing::Contains(Cell("t3")));
  EXPECT_EQ(table.rows[0].size(), table.columns.size());
  EXPECT_EQ(table.rows[0][1], Cell(int64_t{18}));
}

// The rank of every token is 5 in short and 2 in long answers, whoever writes them; t0 writes more
// long ones.
// Of 40 problems the given numbers have long answers.
std::vector<RunRow> RanksByLength(float discount_of_t1, int problems = 40, int long_of_t0 = 30,
                                  int long_of_t1 = 10) {
  std::vector<RunRow> rows;
  for (int p = 0; p < problems; ++p) {
    for (int t = 0; t < 2; ++t) {
      const bool is_long = p % 4 * 10 + p / 4 < (t == 0 ? long_of_t0 : long_of_t1);
      const auto row = static_cast<int64_t>(rows.size());
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t),
                             std::vector<test::Token>(is_long ? 50 : 10, {1, is_long ? 2 : 5})));
      if (t == 1) rows.back().sum_rank_clip -= discount_of_t1 * rows.back().scored_tokens;
    }
  }
  return rows;
}

TEST(LengthMatch, TakesLengthsOutOfTheComparison) {
  const TeachersReport report = RankTeachers(Loaded(RanksByLength(0), {"rsr"}), {.details = true});
  EXPECT_EQ(report.teachers[0].teacher, "t0");
  EXPECT_GT(report.teachers[0].p_best, 0.99);
  ASSERT_EQ(report.length_matched.size(), 1u);
  EXPECT_EQ(report.length_matched[0].teacher, "t1");
  EXPECT_NEAR(report.length_matched[0].overlap, 0.5, 1e-12);  // a quarter short, a quarter long
  EXPECT_NEAR(report.length_matched[0].best_value, 3.5, 1e-12);
  EXPECT_NEAR(report.length_matched[0].value, 3.5, 1e-12);
}

TEST(LengthMatch, WarnsOfAPlaceThatComesFromLengths) {
  const TeachersReport report =
      RankTeachers(Loaded(RanksByLength(0.5f), {"rsr"}), {.details = true});
  EXPECT_EQ(report.teachers[0].teacher, "t0");  // though t1 is better at every length
  EXPECT_NEAR(report.length_matched[0].value, 3.0, 1e-12);
  EXPECT_THAT(report.warnings, Contains(HasSubstr("at equal lengths 't1' is better than 't0'")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("the order flips in length band 10-10 tokens")));

  ASSERT_EQ(report.by_length.size(), 4u);  // two bands, two teachers
  EXPECT_EQ(report.by_length[0].slice, "10-10 tokens");
  EXPECT_EQ(report.by_length[0].trajectories, 10);
  EXPECT_EQ(report.by_length[1].trajectories, 30);
  EXPECT_EQ(report.by_length[2].slice, "11-50 tokens");
  EXPECT_EQ(report.by_length[2].trajectories, 30);
  EXPECT_EQ(report.by_length[3].trajectories, 10);
  EXPECT_NEAR(report.by_length[3].value, 1.5, 1e-12);
}

TEST(LengthMatch, EightProblemsAreNoReasonToWarn) {
  const TeachersReport report =
      RankTeachers(Loaded(RanksByLength(0.5f, 8), {"rsr"}), {.details = true});
  EXPECT_EQ(report.length_matched.at(0).p_best_better, 0);
  EXPECT_THAT(report.warnings, Not(Contains(HasSubstr("at equal lengths"))));
}

TEST(LengthMatch, BandsDoNotDependOnTheOrderOfTheRows) {
  std::mt19937_64 random(5);
  std::vector<RunRow> rows;
  for (int p = 0; p < 30; ++p) {
    for (int t = 0; t < (p < 20 ? 2 : 1); ++t) {  // t1 has fewer, and those of the first problems
      const auto row = static_cast<int64_t>(rows.size());
      const std::vector<test::Token> tokens(1 + random() % 50,
                                            {1, 1 + static_cast<int>(random() % 9)});
      rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", t), tokens));
    }
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"rsr"}), {.details = true});
  const auto last = static_cast<int64_t>(rows.size()) - 1;
  for (RunRow& row : rows) row.row = last - row.row;
  const TeachersReport turned = RankTeachers(Loaded(rows, {"rsr"}), {.details = true});
  EXPECT_EQ(report.length_matched.at(0).overlap, turned.length_matched.at(0).overlap);
  EXPECT_NEAR(report.length_matched[0].value, turned.length_matched[0].value, 1e-12);
}

// Bands count with what the two have in common of them: short ones with 10 of 40, long ones
// with 16.
TEST(LengthMatch, WeighsBandsByWhatIsCommon) {
  const TeachersReport report =
      RankTeachers(Loaded(RanksByLength(0.5f, 40, 30, 16), {"rsr"}), {.details = true});
  ASSERT_EQ(report.length_matched.size(), 1u);
  const double ranks = (10 * 5 + 16 * 2) / 26.0;
  EXPECT_NEAR(report.length_matched[0].overlap, 26.0 / 40, 1e-12);
  EXPECT_NEAR(report.length_matched[0].best_value, ranks, 1e-12);
  EXPECT_NEAR(report.length_matched[0].value, ranks - 0.5, 1e-6);
}

// A power of a mean needs the number of trajectories, too.
TEST(LengthMatch, WeighsBandsOfMetricsThatAreNoRatio) {
  const TeachersReport report = RankTeachers(Loaded(RanksByLength(0, 40, 30, 16), {"rsr_rank_pow"}),
                                             {.metric = "rsr_rank_pow", .details = true});
  const double ranks = (10 * 5 + 16 * 2) / 26.0;
  EXPECT_NEAR(report.length_matched.at(0).best_value, std::pow(ranks, 1.05), 1e-12);
  EXPECT_NEAR(report.length_matched[0].value, std::pow(ranks, 1.05), 1e-12);
}

// Lengths of two teachers in turns: with 5 each every band holds one trajectory, and nothing is in
// common; with 15 each three, of which one of the one and two of the other.
TEST(LengthMatch, BandsAreTenthsOfAllLengths) {
  for (const auto& [each, overlap] : {std::pair{5, 0.0}, {15, 10 / 15.0}}) {
    std::vector<RunRow> rows;
    for (int i = 0; i < 2 * each; ++i) {
      rows.push_back(
          MakeRow(i, Name("id", i), Name("p", i / 2), Name("t", i % 2),
                  std::vector<test::Token>(static_cast<size_t>(10 + i), {1, 1 + i % 2})));
    }
    const TeachersReport report = RankTeachers(Loaded(rows, {"rsr"}), {.details = true});
    EXPECT_NEAR(report.length_matched.at(0).overlap, overlap, 1e-12);
  }
}

TEST(LengthMatch, TrajectoriesWithoutAValueDoNotCount) {
  std::vector<RunRow> rows = RanksByLength(0.5f);
  const LengthMatch without =
      RankTeachers(Loaded(rows, {"rsr"}), {.details = true}).length_matched.at(0);
  for (int p = 0; p < 30; ++p) {
    const auto row = static_cast<int64_t>(rows.size());
    rows.push_back(MakeRow(row, Name("id", row), Name("p", p), "t1", {}));
  }
  const LengthMatch with =
      RankTeachers(Loaded(rows, {"rsr"}), {.details = true}).length_matched.at(0);
  EXPECT_EQ(with.overlap, without.overlap);
  EXPECT_EQ(with.value, without.value);
}

// t0 leads by its lengths; at equal lengths t1 is better on two thirds of the problems, which is
// not sure.
TEST(LengthMatch, WarnsOnlyOfWhatIsAsSureAsAsked) {
  std::vector<RunRow> rows = RanksByLength(0);
  for (size_t i = 1; i < rows.size(); i += 2)
    rows[i].sum_rank_clip +=
        ((i / 2 % 3 == 0 ? 0.9 : -0.6) + 0.003 * (static_cast<double>(i) - 40)) *
        rows[i].scored_tokens;
  const auto report = [&](double confidence) {
    return RankTeachers(Loaded(rows, {"rsr"}), {.confidence = confidence, .details = true});
  };
  const TeachersReport sure = report(0.95), likely = report(0.5);
  EXPECT_EQ(sure.teachers[0].teacher, "t0");
  EXPECT_GT(sure.length_matched.at(0).p_best_better, 0.06);
  EXPECT_LT(sure.length_matched[0].p_best_better, 0.45);
  EXPECT_THAT(sure.warnings, Not(Contains(HasSubstr("at equal lengths"))));
  EXPECT_THAT(likely.warnings,
              Contains(HasSubstr(fmt::format("'t1' is better than 't0' (P {:.3f})",
                                             1 - likely.length_matched.at(0).p_best_better))));
  // Problems are drawn, not trajectories: each of them three times over changes nothing.
  const size_t once = rows.size();
  for (size_t i = 0; i < 2 * once; ++i) {
    rows.push_back(rows[i % once]);
    rows.back().row = static_cast<int64_t>(once + i);
    rows.back().id = Name("more", static_cast<int64_t>(i));
  }
  EXPECT_NEAR(report(0.95).length_matched.at(0).p_best_better, sure.length_matched[0].p_best_better,
              1e-9);
}

TEST(LengthMatch, TenProblemsOfBothAndAQuarterInCommonAreEnoughToWarn) {
  const auto warned = [](const std::vector<RunRow>& rows) {
    const TeachersReport report = RankTeachers(Loaded(rows, {"rsr"}), {.details = true});
    EXPECT_EQ(report.teachers[0].teacher, "t0");
    EXPECT_EQ(report.length_matched.at(0).p_best_better, 0);
    return std::any_of(report.warnings.begin(), report.warnings.end(),
                       [](const std::string& w) { return w.find("at equal lengths") != w.npos; });
  };
  EXPECT_TRUE(warned(RanksByLength(0.5f, 10)));
  EXPECT_FALSE(warned(RanksByLength(0.5f, 9)));
  EXPECT_TRUE(warned(RanksByLength(0.5f, 40, 35, 5)));
  for (const char* few : {"t0", "t1"}) {
    std::vector<RunRow> rows = RanksByLength(0.5f);
    int kept = 0;
    std::erase_if(rows, [&](const RunRow& row) { return row.teacher == few && ++kept > 9; });
    EXPECT_FALSE(warned(rows)) << few;
  }
}

// Of a metric of which more is better: t1 is right as often on long problems and oftener on short
// ones, of which it has more.
TEST(LengthMatch, FollowsTheMetricsDirection) {
  std::vector<RunRow> rows = RanksByLength(0);
  for (RunRow& row : rows)
    row.correct = row.scored_tokens == 50 || (row.teacher == "t1" && row.row / 2 % 3 == 0);
  const TeachersReport report =
      RankTeachers(Loaded(rows, {"correct"}), {.metric = "correct", .details = true});
  EXPECT_EQ(report.teachers[0].teacher, "t0");
  EXPECT_LT(report.length_matched.at(0).p_best_better, 0.05);
  EXPECT_THAT(report.warnings, Contains(HasSubstr("at equal lengths 't1' is better")));
}

// Of seven resamples every share is a multiple of a seventh; other seeds draw others.
TEST(TeachersReport, SeedAndResamplesReachEveryPart) {
  std::vector<RunRow> rows = Noisy(40);
  for (RunRow& row : rows) row.source = Name("s", row.row / 2 % 2);
  const ScoredRows data = Loaded(rows, {"avg_surprisal"});
  const auto shares = [&](uint64_t seed, int resamples) {
    const TeachersReport report = RankTeachers(
        data, {.metric = "avg_surprisal", .resamples = resamples, .seed = seed, .details = true});
    return std::vector<double>{
        report.teachers.at(0).p_best,  report.pairs.at(0).p_order,
        report.by_source.at(0).p_best, report.by_source.at(2).p_best,
        report.by_length.at(0).p_best, report.length_matched.at(0).p_best_better};
  };
  const std::vector<double> one = shares(1, 2000), two = shares(2, 2000);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_NE(one[i], two[i]) << i;
  for (const double share : shares(1, 7)) EXPECT_NEAR(share * 7, std::round(share * 7), 1e-9);
}

TEST(LengthMatch, LittleOverlapTurnsNothing) {
  const TeachersReport report =
      RankTeachers(Loaded(RanksByLength(0.5f, 40, 36, 4), {"rsr"}), {.details = true});
  EXPECT_EQ(report.teachers[0].teacher, "t0");
  EXPECT_NEAR(report.length_matched.at(0).overlap, 0.2, 1e-12);
  EXPECT_LT(report.length_matched[0].p_best_better, 0.05);
  EXPECT_THAT(report.warnings, Not(Contains(HasSubstr("at equal lengths"))));
}

// A teacher with three answers a problem, each the same, weighs no more than with one.
TEST(LengthMatch, BandsDoNotDependOnTheNumberOfAnswers) {
  const auto match = [](int answers_of_t1) {
    std::vector<RunRow> rows;
    for (int p = 0; p < 100; ++p) {
      for (int i = 0; i < 1 + answers_of_t1; ++i) {
        const bool first = i == 0;
        const size_t length = first ? 100 + 2 * p : 20 + 2 * p;
        const auto row = static_cast<int64_t>(rows.size());
        rows.push_back(MakeRow(
            row, Name("id", row), Name("p", p), Name("t", first ? 0 : 1),
            std::vector<test::Token>(length, {1, static_cast<int32_t>(300 - length) / 20 + 1})));
      }
    }
    return RankTeachers(Loaded(rows, {"rsr"}), {.details = true}).length_matched.at(0);
  };
  const LengthMatch once = match(1), thrice = match(3);
  EXPECT_NEAR(thrice.overlap, once.overlap, 0.02);
  EXPECT_NEAR(thrice.value, once.value, 0.02);
  EXPECT_NEAR(thrice.best_value, once.best_value, 0.02);
}

TEST(LengthMatch, DisjointLengthsHaveNoComparison) {
  std::vector<RunRow> rows;
  for (int p = 0; p < 40; ++p) {
    const auto row = static_cast<int64_t>(rows.size());
    rows.push_back(MakeRow(row, Name("id", row), Name("p", p), Name("t", p % 2),
                           std::vector<test::Token>(p % 2 == 0 ? 50 : 10, {1, 2 + p % 2})));
  }
  const TeachersReport report = RankTeachers(Loaded(rows, {"rsr"}), {.details = true});
  EXPECT_EQ(report.length_matched.at(0).overlap, 0);
  EXPECT_TRUE(std::isnan(report.length_matched[0].value));
  EXPECT_EQ(SlicesTable(report, report.by_length).rows[0][2], Cell());  // one teacher alone
}

TEST(Duplicates, AreTheSameTokensForTheSameProblem) {
  const test::Scratch dir;
  const auto row = [](int64_t number, const char* problem, const char* teacher,
                      const std::vector<int32_t>& ids) {
    std::vector<test::Token> tokens;
    for (const int32_t id : ids) tokens.push_back({1, 2, 0, id});
    return MakeRow(number, Name("id", number), problem, teacher, tokens);
  };
  test::WriteRun(dir / "run", test::MakeInfo({{"data.jsonl", "h", 1, 6}}),
                 {row(0, "p", "a", {1, 2}), row(1, "p", "b", {1, 2}), row(2, "p", "a", {1, 2}),
                  row(3, "q", "a", {1, 3}), row(4, "r", "b", {1, 3}),  // another problem's answer
                  row(5, "q", "b", {1, 3, 2})});
  const TeachersReport report = RankTeachers({.runs = {dir / "run"}, .details = true});
  ASSERT_EQ(report.duplicates.size(), 2u);
  EXPECT_EQ(report.duplicates[0].other, "a");
  EXPECT_EQ(report.duplicates[0].count, 1);
  EXPECT_EQ(report.duplicates[0].example, "id0 = id2");
  EXPECT_EQ(report.duplicates[1].other, "b");
  EXPECT_EQ(report.duplicates[1].count, 2);
  EXPECT_THAT(report.warnings, Contains(HasSubstr("2 of 'a' are also there from 'b'")));
  EXPECT_THAT(RankTeachers({.runs = {dir / "run"}}).duplicates, IsEmpty());
}

TEST(Duplicates, OfTwoTeachersAreNamedByTheFirstWhateverTheStorageOrder) {
  const test::Scratch dir;
  const auto row = [](int64_t number, const char* problem, const char* teacher,
                      std::vector<test::Token> tokens) {
    return MakeRow(number, Name("id", number), problem, teacher, tokens);
  };
  const std::vector<test::Token> text = {{1, 2, 0, 1}, {1, 2, 0, 2}};
  test::WriteRun(dir / "run", test::MakeInfo({{"data.jsonl", "h", 1, 8}}),
                 {row(5, "q", "b", text), row(4, "q", "a", text), row(3, "p", "b", text),
                  row(2, "p", "b", text), row(1, "p", "a", text), row(0, "p", "a", text),
                  row(6, "r", "a", {}), row(7, "r", "b", {})});  // nothing scored: no copies
  const TeachersReport report = RankTeachers({.runs = {dir / "run"}, .details = true});
  std::vector<std::string> found;
  for (const DuplicateTrajectories& d : report.duplicates)
    found.push_back(fmt::format("{} {} {} {}", d.teacher, d.other, d.count, d.example));
  EXPECT_THAT(found, ElementsAre("a a 1 id0 = id1", "a b 3 id0 = id2", "b b 1 id2 = id3"));
}

std::string Digits(const Table& table) {
  std::string out;
  for (const auto& row : table.rows) {
    for (const Cell& cell : row) {
      if (const auto* v = std::get_if<double>(&cell)) out += fmt::format("{} ", *v);
    }
  }
  return out;
}

TEST(TeachersReport, HasTheSameDigitsInAnyThread) {
  const ScoredRows data = Loaded(Noisy(60), {"avg_surprisal"});
  const TeachersOptions options{.metric = "avg_surprisal", .seed = 8, .details = true};
  const auto all = [&] {
    const TeachersReport report = RankTeachers(data, options);
    return Digits(TeachersTable(report)) + Digits(TeacherPairsTable(report)) +
           Digits(AllSlicesTable(report.by_length)) + Digits(LengthMatchTable(report));
  };
  const std::string first = all();
  std::vector<std::string> others(4);
  std::vector<std::thread> threads;
  for (std::string& other : others) threads.emplace_back([&] { other = all(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& other : others) EXPECT_EQ(other, first);
}

}  // namespace
}  // namespace rsr
