#include "select/controls.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <unordered_set>

#include "metrics/test_run.h"
#include "select/composition.h"
#include "select/match_tokens.h"

namespace rsr {
namespace {

using test::Loaded;
using test::MakeRow;
using test::Name;
using ::testing::ElementsAre;

constexpr Control kAll[] = {Control::kRandom, Control::kTokenMatched, Control::kLengthMatched,
                            Control::kWorst};

// Lengths as of real trajectories: most short, a few very long.
std::vector<RunRow> RandomRows(int n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<> length(3, 0.8);
  std::vector<RunRow> rows;
  for (int i = 0; i < n; ++i) {
    std::vector<test::Token> tokens(static_cast<size_t>(1 + std::min(length(random), 2000.0)));
    for (test::Token& token : tokens) token.rank = static_cast<int32_t>(1 + random() % 9);
    rows.push_back(MakeRow(i, Name("id", i), Name("p", static_cast<int64_t>(random() % (n / 4))),
                           Name("t", i % 4), tokens));
  }
  return rows;
}

std::vector<std::string> Ids(const std::vector<Candidate>& rows, const ScoredRows& data) {
  std::vector<std::string> ids;
  for (const Candidate& row : rows) ids.push_back(data.rows[row.index].id);
  return ids;
}

struct Case {
  ScoredRows data;
  Candidates candidates;
  Rules rules;
  std::vector<Candidate> selection;
};

Case MakeCase(std::vector<RunRow> rows, const Rules& rules) {
  Case made{.data = Loaded(rows, {"rsr"}), .rules = rules};
  made.candidates = FindCandidates(made.data, {});
  made.selection = Choose(made.candidates.rows, made.data, rules).picks;
  return made;
}

TEST(Controls, KeepTheLimitsOrMatchTheTokens) {
  int64_t copies = 0, cases = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const int n = 40 + static_cast<int>(random() % 160);
    Rules rules;
    switch (random() % 3) {
      case 0:
        rules.per_problem = static_cast<int64_t>(1 + random() % 2);
        break;
      case 1:
        rules.top = static_cast<int64_t>(10 + random() % (n - 10));
        break;
      default:
        rules.budget_tokens = static_cast<int64_t>(300 + random() % 1500);
    }
    const Case c = MakeCase(RandomRows(n, seed), rules);
    const int64_t tokens = TokensOf(c.selection, c.data);
    std::unordered_set<size_t> selected;
    for (const Candidate& pick : c.selection) selected.insert(pick.index);
    for (const Control control : kAll) {
      SCOPED_TRACE(ControlName(control) + " of seed " + std::to_string(seed));
      const auto drawn = DrawControl(control, c.candidates, c.selection, c.data, rules, seed);
      std::set<size_t> distinct;
      std::map<std::string, int64_t> of_problem;
      for (const Candidate& row : drawn) {
        distinct.insert(row.index);
        ++of_problem[c.data.rows[row.index].problem_id];
      }
      ASSERT_EQ(distinct.size(), drawn.size());
      const int64_t got = TokensOf(drawn, c.data);
      if (control == Control::kRandom || control == Control::kWorst) {
        if (rules.budget_tokens > 0) {
          EXPECT_LE(got, rules.budget_tokens);
        } else {
          EXPECT_EQ(drawn.size(), c.selection.size());
        }
        for (const auto& [problem, rows] : of_problem)
          EXPECT_TRUE(rules.per_problem == 0 || rows <= rules.per_problem);
        continue;
      }
      EXPECT_LE(std::abs(static_cast<double>(got - tokens)), 0.02 * static_cast<double>(tokens));
      if (control == Control::kLengthMatched) {
        EXPECT_EQ(drawn.size(), c.selection.size());
        const auto ends = [&](const std::vector<Candidate>& rows) {
          int32_t shortest = INT32_MAX, longest = 0;
          for (const Candidate& row : rows) {
            shortest = std::min(shortest, c.data.rows[row.index].scored_tokens);
            longest = std::max(longest, c.data.rows[row.index].scored_tokens);
          }
          return std::pair(shortest, longest);
        };
        EXPECT_GE(ends(drawn).first, ends(c.selection).first);
        EXPECT_LE(ends(drawn).second, ends(c.selection).second);
      }
      ++cases;
      copies +=
          Compose("", c.data, drawn, selected).also_selected == static_cast<int64_t>(drawn.size());
    }
  }
  // Matched by anything but the selection itself, except where it is nearly all there is.
  EXPECT_LT(copies, cases / 20) << copies << " of " << cases;
}

// The distribution of lengths is the selection's: no quantile is far off.
TEST(Controls, LengthMatchedHasTheSelectionsQuantiles) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Case c = MakeCase(RandomRows(600, seed), {.top = 100});
    const auto lengths = [&](const std::vector<Candidate>& rows) {
      std::vector<double> lengths;
      for (const Candidate& row : rows) lengths.push_back(c.data.rows[row.index].scored_tokens);
      return lengths;
    };
    const auto drawn =
        DrawControl(Control::kLengthMatched, c.candidates, c.selection, c.data, c.rules, seed);
    for (const double q : {0.1, 0.25, 0.5, 0.75, 0.9}) {
      const double want = Quantile(lengths(c.selection), q), got = Quantile(lengths(drawn), q);
      EXPECT_NEAR(got, want, 1 + 0.15 * want) << "quantile " << q << " of seed " << seed;
    }
  }
}

TEST(Controls, WorstIsTheArgMaxOfEachProblem) {
  const Case c = MakeCase(RandomRows(100, 7), {.per_problem = 1});
  std::map<std::string, size_t> worst;
  for (size_t i = 0; i < c.data.rows.size(); ++i) {
    const auto [at, is_new] = worst.emplace(c.data.rows[i].problem_id, i);
    if (!is_new && c.data.Value(c.data.rows[i]) > c.data.Value(c.data.rows[at->second]))
      at->second = i;
  }
  const auto drawn = DrawControl(Control::kWorst, c.candidates, c.selection, c.data, c.rules, 0);
  ASSERT_EQ(drawn.size(), worst.size());
  for (const Candidate& row : drawn)
    EXPECT_EQ(row.index, worst.at(c.data.rows[row.index].problem_id));
}

TEST(Controls, WorstFollowsTheMetricsDirection) {
  std::vector<RunRow> rows = RandomRows(8, 1);
  for (RunRow& row : rows) row.correct = row.row != 2 && row.row != 5;
  const ScoredRows data = Loaded(rows, {"correct"});
  const Candidates candidates = FindCandidates(data, {.metric = "correct"});
  const Rules rules{.top = 2};
  const auto selection = Choose(candidates.rows, data, rules).picks;
  EXPECT_THAT(Ids(DrawControl(Control::kWorst, candidates, selection, data, rules, 0), data),
              ElementsAre("id2", "id5"));
}

TEST(Controls, WorstTakesTheFirstOfEqualRows) {
  const Case c =
      MakeCase({MakeRow(0, "a", "p", "t", {{1, 2}}), MakeRow(1, "b", "p", "t", {{1, 5}}),
                MakeRow(2, "c", "q", "t", {{1, 5}}), MakeRow(3, "d", "r", "t", {{1, 5}})},
               {.top = 2});
  EXPECT_THAT(
      Ids(DrawControl(Control::kWorst, c.candidates, c.selection, c.data, c.rules, 0), c.data),
      ElementsAre("b", "c"));
}

TEST(Controls, TheSameSeedDrawsTheSameRowsFromRunsStoredOtherwise) {
  std::vector<RunRow> rows = RandomRows(120, 1);
  const Rules rules{.top = 40};
  const Case first = MakeCase(rows, rules);
  std::mt19937_64 random(1);
  std::shuffle(rows.begin(), rows.end(), random);
  const Case stored = MakeCase(rows, rules);
  // The input files in another order: other ties, but the draw goes by the ids.
  for (RunRow& row : rows) row.row = 1000 - row.row;
  const Case reversed = MakeCase(rows, rules);
  for (const Control control : kAll) {
    SCOPED_TRACE(ControlName(control));
    const auto draw = [&](const Case& c, uint64_t seed) {
      return Ids(DrawControl(control, c.candidates, c.selection, c.data, rules, seed), c.data);
    };
    EXPECT_EQ(draw(first, 5), draw(stored, 5));
    if (control != Control::kWorst) {
      EXPECT_EQ(draw(first, 5), draw(reversed, 5));
      EXPECT_NE(draw(first, 5), draw(first, 6));
    }
  }
}

TEST(Controls, LeaveOutWhatCannotBeWritten) {
  const Case c = MakeCase(RandomRows(60, 2), {.top = 20});
  std::unordered_set<size_t> unfit;
  for (size_t i = 0; i < c.data.rows.size(); i += 3) unfit.insert(i);
  Rules rules = c.rules;
  rules.unfit = &unfit;
  const auto selection = Choose(c.candidates.rows, c.data, rules).picks;
  for (const Control control : kAll)
    for (const Candidate& row : DrawControl(control, c.candidates, selection, c.data, rules, 0))
      EXPECT_FALSE(unfit.contains(row.index)) << ControlName(control);
}

// Pools so small that exchanges may not come near: the promise holds all the same.
TEST(Controls, MatchTheTokensOfTheSmallestPools) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<RunRow> rows;
    for (int64_t i = 0; i < 4 + static_cast<int64_t>(random() % 8); ++i) {
      rows.push_back(
          MakeRow(i, Name("id", i), Name("p", i), "t",
                  std::vector<test::Token>(50 + random() % 400,
                                           {1, static_cast<int32_t>(1 + random() % 9)})));
    }
    const Case c = MakeCase(rows, {.top = static_cast<int64_t>(rows.size() / 2)});
    const auto tokens = static_cast<double>(TokensOf(c.selection, c.data));
    for (const Control control : {Control::kTokenMatched, Control::kLengthMatched}) {
      const auto drawn = DrawControl(control, c.candidates, c.selection, c.data, c.rules, seed);
      EXPECT_NEAR(static_cast<double>(TokensOf(drawn, c.data)), tokens, 0.02 * tokens)
          << ControlName(control) << " of seed " << seed;
    }
  }
}

// One row a problem, where that is possible; at random 100 of 400 rows would be of some 70
// problems.
TEST(Controls, MatchedOnesTakeFewRowsOfOneProblem) {
  const Case c = MakeCase(RandomRows(400, 3), {.per_problem = 1});
  for (const Control control : {Control::kTokenMatched, Control::kLengthMatched}) {
    const auto drawn = DrawControl(control, c.candidates, c.selection, c.data, c.rules, 0);
    std::set<std::string> problems;
    for (const Candidate& row : drawn) problems.insert(c.data.rows[row.index].problem_id);
    EXPECT_GT(static_cast<double>(problems.size()), 0.78 * static_cast<double>(drawn.size()))
        << ControlName(control) << " " << drawn.size();
  }
}

// Two rows, one of them taken: nothing else has its tokens.
TEST(Controls, AreTheSelectionWhereNothingElseMatches) {
  const Case c =
      MakeCase({MakeRow(0, "short", "p", "t", std::vector<test::Token>(10)),
                MakeRow(1, "long", "q", "t", std::vector<test::Token>(900, {.rank = 2}))},
               {.top = 1});
  for (const Control control : {Control::kTokenMatched, Control::kLengthMatched}) {
    EXPECT_THAT(Ids(DrawControl(control, c.candidates, c.selection, c.data, c.rules, 3), c.data),
                ElementsAre("short"));
  }
}

TEST(Composition, CountsByHand) {
  std::vector<RunRow> rows = {MakeRow(0, "a", "p", "t", {{1, 3}}),
                              MakeRow(1, "b", "p", "u", {{2, 3}, {2, 3}}),
                              MakeRow(2, "c", "q", "u", {{1, 1}})};
  rows[0].correct = true;
  rows[1].correct = false;
  const ScoredRows data = Loaded(rows, {"rsr"});
  const Composition all = Compose("x", data, FindCandidates(data, {}).rows, {2});
  EXPECT_EQ(all.rows, 3);
  EXPECT_EQ(all.problems, 2);
  EXPECT_EQ(all.scored_tokens, 4);
  EXPECT_EQ(all.accuracy, 0.5);  // c has no label
  EXPECT_DOUBLE_EQ(all.value.value(), (3.0 + 3 + 1) / (1 + 2 + 1));
  EXPECT_EQ(all.also_selected, 1);
  EXPECT_THAT(all.by_teacher, ElementsAre(std::pair("t", 1), std::pair("u", 2)));
  for (RunRow& row : rows) row.correct.reset();
  const ScoredRows unlabelled = Loaded(rows, {"rsr"});
  EXPECT_EQ(Compose("x", unlabelled, FindCandidates(unlabelled, {}).rows, {}).accuracy,
            std::nullopt);
}

}  // namespace
}  // namespace rsr
