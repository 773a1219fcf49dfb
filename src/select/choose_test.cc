#include "select/choose.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "metrics/test_run.h"

namespace rsr {
namespace {

using test::ErrorOf;
using test::Loaded;
using test::MakeRow;
using test::Name;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Values come from few numbers, so that ties are frequent.
std::vector<RunRow> RandomRows(int n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<RunRow> rows;
  for (int i = 0; i < n; ++i) {
    rows.push_back(MakeRow(i, Name("id", i), Name("p", static_cast<int64_t>(random() % 9)),
                           Name("t", i % 4), {{1, static_cast<int32_t>(1 + random() % 5)}}));
    rows.back().correct = random() % 3 != 0;
  }
  return rows;
}

// As Select without writing.
Choice Select(const ScoredRows& data, const SelectOptions& options) {
  const Candidates candidates = FindCandidates(data, options);
  QuotaGroups quotas = FindGroups(options.quotas, data, candidates);
  Rules rules{.per_problem = options.per_problem, .top = options.top};
  const auto rows = static_cast<int64_t>(Choose(candidates.rows, data, rules).picks.size());
  SetShares(quotas, rows, std::min(options.budget_tokens, candidates.tokens));
  rules.budget_tokens = options.budget_tokens;
  rules.quotas = &quotas;
  Choice choice = Choose(candidates.rows, data, rules);
  if (options.per_problem > 0) SortByProblem(choice.picks);
  return choice;
}

double Value(const ScoredRows& data, size_t row) { return data.Value(data.rows[row]); }

TEST(Choose, TakesTheBestOfEachProblem) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    for (const char* metric : {"rsr", "correct"}) {
      for (const int64_t k : {1, 2, 100}) {
        const ScoredRows data = Loaded(RandomRows(60, seed), {metric});
        const bool low = data.metrics[0]->better == Better::kLow;
        const Choice choice = Select(data, {.metric = metric, .per_problem = k});
        std::map<std::string, std::vector<size_t>> taken, all;
        for (size_t i = 0; i < data.rows.size(); ++i) all[data.rows[i].problem_id].push_back(i);
        for (const auto& pick : choice.picks)
          taken[data.rows[pick.index].problem_id].push_back(pick.index);
        ASSERT_EQ(taken.size(), all.size());
        for (const auto& [problem, rows] : all) {
          const std::vector<size_t>& chosen = taken[problem];
          ASSERT_EQ(chosen.size(), std::min(rows.size(), static_cast<size_t>(k)));
          const std::set<size_t> in(chosen.begin(), chosen.end());
          ASSERT_EQ(in.size(), chosen.size());
          // Nothing left behind beats what was taken; at equal values the earlier row was taken.
          for (const size_t left : rows) {
            if (in.contains(left)) continue;
            for (const size_t c : chosen) {
              const double a = low ? Value(data, c) : -Value(data, c),
                           b = low ? Value(data, left) : -Value(data, left);
              ASSERT_TRUE(a < b || (a == b && c < left)) << problem;
            }
          }
        }
      }
    }
  }
}

TEST(Choose, OneOfAProblemIsItsArgMin) {
  const ScoredRows data = Loaded(RandomRows(200, 99), {"rsr"});
  std::map<std::string, size_t> arg_min;
  for (size_t i = 0; i < data.rows.size(); ++i) {
    const auto [at, is_new] = arg_min.emplace(data.rows[i].problem_id, i);
    if (!is_new && Value(data, i) < Value(data, at->second)) at->second = i;
  }
  const Choice choice = Select(data, {.per_problem = 1});
  ASSERT_EQ(choice.picks.size(), arg_min.size());
  for (const auto& pick : choice.picks) {
    EXPECT_EQ(pick.index, arg_min.at(data.rows[pick.index].problem_id));
    EXPECT_EQ(pick.rank, 1);
  }
}

TEST(Choose, TopIsAPrefixOfAllRowsInOrder) {
  const ScoredRows data = Loaded(RandomRows(80, 5), {"rsr"});
  std::vector<size_t> order(80);
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return Value(data, a) < Value(data, b); });
  for (const int64_t top : {1, 7, 80, 1000}) {
    const Choice choice = Select(data, {.top = top});
    ASSERT_EQ(choice.picks.size(), std::min<size_t>(top, 80));
    for (size_t i = 0; i < choice.picks.size(); ++i) ASSERT_EQ(choice.picks[i].index, order[i]);
  }
}

TEST(Choose, KeepsProblemsInOrderOfAppearanceAndNamesTheRank) {
  const ScoredRows data =
      Loaded({MakeRow(0, "a", "z", "t", {{1, 3}}), MakeRow(1, "b", "y", "t", {{1, 2}}),
              MakeRow(2, "c", "z", "t", {{1, 1}}), MakeRow(3, "d", "z", "t", {{1, 2}})},
             {"rsr"});
  std::vector<std::string> ids;
  std::vector<int64_t> ranks, candidates;
  for (const auto& pick : Select(data, {.per_problem = 2}).picks) {
    ids.push_back(data.rows[pick.index].id);
    ranks.push_back(pick.rank);
    candidates.push_back(pick.candidates);
  }
  EXPECT_THAT(ids, ElementsAre("c", "d", "b"));
  EXPECT_THAT(ranks, ElementsAre(1, 2, 1));
  EXPECT_THAT(candidates, ElementsAre(3, 3, 1));
}

TEST(Choose, LeavesOutWhatIsNoCandidate) {
  std::vector<RunRow> rows = RandomRows(40, 1);
  int64_t wrong = 0;
  for (const RunRow& row : rows) wrong += !*row.correct;
  rows.push_back(MakeRow(40, "empty", "p0", "t", {}));
  rows.back().correct = true;
  rows.push_back(MakeRow(41, "nan", "p0", "t", {{std::nanf(""), 1}}));
  rows.back().correct = true;
  const Candidates found =
      FindCandidates(Loaded(rows, {"rsr"}), {.top = 100, .correct_only = true});
  EXPECT_EQ(found.labelled_wrong, wrong);
  EXPECT_EQ(found.without_value, 2);
  EXPECT_EQ(found.rows.size(), static_cast<size_t>(40 - wrong));

  rows[7].correct.reset();
  rows[7].line = 8;
  const Error error =
      ErrorOf([&] { FindCandidates(Loaded(rows, {"rsr"}), {.top = 1, .correct_only = true}); });
  EXPECT_THAT(error.message(), HasSubstr("'id7' (data.jsonl:8) has no label"));
}

// Rows of 1 to 40 tokens.
std::vector<RunRow> RowsOfLengths(int n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<RunRow> rows;
  for (int i = 0; i < n; ++i) {
    std::vector<test::Token> tokens(1 + random() % 40);
    for (test::Token& token : tokens) token.rank = static_cast<int32_t>(1 + random() % 5);
    rows.push_back(MakeRow(i, Name("id", i), Name("p", static_cast<int64_t>(random() % 20)),
                           Name("t", static_cast<int64_t>(random() % 4)), tokens));
    if (random() % 5 > 0) rows.back().correct = random() % 2 == 0;
  }
  return rows;
}

// Under any rules: every limit holds, no row is there twice, and no row that was left behind could
// have been taken at its place.
TEST(Choose, LimitsHoldAndNothingBetterWasLeftBehind) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed + 1000);
    const ScoredRows data = Loaded(RowsOfLengths(80, seed), {"rsr"});
    SelectOptions options;
    if (random() % 2) options.per_problem = static_cast<int64_t>(1 + random() % 4);
    if (random() % 2) options.top = static_cast<int64_t>(1 + random() % 90);
    if (random() % 2 || options.per_problem + options.top == 0)
      options.budget_tokens = static_cast<int64_t>(1 + random() % 2000);
    const double share = static_cast<double>(random() % 100) / 100;
    if (random() % 2) options.quotas = {fmt::format("teacher:t0={:.2f},t1=5,*=50%", share)};
    const Candidates candidates = FindCandidates(data, options);
    const Choice choice = Select(data, options);

    const auto row_of = [&](const Candidate& c) -> const ScoredRow& { return data.rows[c.index]; };
    // Goes through the candidates again, by hand, and asks of each why it is (not) there.
    std::set<size_t> taken;
    for (const Candidate& pick : choice.picks) ASSERT_TRUE(taken.insert(pick.index).second);
    const int64_t base_rows = [&] {
      Rules free{.per_problem = options.per_problem, .top = options.top};
      return static_cast<int64_t>(Choose(candidates.rows, data, free).picks.size());
    }();
    const int64_t base_tokens = std::min(options.budget_tokens, candidates.tokens);
    const auto over = [&](const std::string& teacher, int64_t rows, int64_t tokens) {
      if (options.quotas.empty()) return false;
      if (teacher == "t1") return rows > 5;
      const double limit = teacher == "t0" ? share : 0.5;
      return options.budget_tokens > 0
                 ? static_cast<double>(tokens) > limit * static_cast<double>(base_tokens)
                 : static_cast<double>(rows) >
                       std::ceil(limit * static_cast<double>(base_rows) - 1e-9);
    };
    int64_t rows = 0, tokens = 0;
    std::map<std::string, int64_t> of_problem, of_teacher, tokens_of_teacher;
    for (const Candidate& candidate : candidates.rows) {
      const ScoredRow& row = row_of(candidate);
      const bool fits =
          (options.top == 0 || rows < options.top) &&
          (options.per_problem == 0 || of_problem[row.problem_id] < options.per_problem) &&
          (options.budget_tokens == 0 || tokens + row.scored_tokens <= options.budget_tokens) &&
          !over(row.teacher, of_teacher[row.teacher] + 1,
                tokens_of_teacher[row.teacher] + row.scored_tokens);
      ASSERT_EQ(taken.contains(candidate.index), fits) << "seed " << seed << " row " << row.id;
      if (!fits) continue;
      ++rows;
      tokens += row.scored_tokens;
      ++of_problem[row.problem_id];
      ++of_teacher[row.teacher];
      tokens_of_teacher[row.teacher] += row.scored_tokens;
    }
    EXPECT_EQ(choice.tokens, tokens);
    int64_t passed = 0;
    for (const auto& [rule, n] : choice.passed_over) passed += n;
    EXPECT_EQ(passed + rows, static_cast<int64_t>(candidates.rows.size()));
  }
}

// A run is stored in the order in which rows were finished.
TEST(Choose, DoesNotDependOnTheOrderOfStorage) {
  std::vector<RunRow> rows = RowsOfLengths(80, 3);
  const SelectOptions options{.top = 60, .budget_tokens = 700, .quotas = {"teacher:*=30%"}};
  const auto ids = [&] {
    const ScoredRows data = Loaded(rows, {"rsr"});
    std::vector<std::string> ids;
    for (const Candidate& pick : Select(data, options).picks)
      ids.push_back(data.rows[pick.index].id);
    return ids;
  };
  const std::vector<std::string> first = ids();
  std::mt19937_64 random(1);
  for (int i = 0; i < 10; ++i) {
    std::shuffle(rows.begin(), rows.end(), random);
    EXPECT_EQ(ids(), first);
  }
}

TEST(Choose, WhereSeesColumnsKeptColumnsMetricsAndProblems) {
  std::vector<RunRow> rows = {MakeRow(0, "a", "p", "t", {{1, 3}}),
                              MakeRow(1, "b", "p", "u", {{1, 2}, {1, 2}}),
                              MakeRow(2, "c", "q", "t", {{1, 1}}), MakeRow(3, "d", "q", "u", {})};
  rows[0].correct = true;
  rows[1].correct = false;
  rows[0].kept = {"7"};
  rows[1].kept = {"8"};
  rows[2].kept = {std::nullopt};
  rows[3].kept = {"9"};
  RunInfo info = test::MakeInfo({{"data.jsonl", "", 0, 0}});
  info.kept = {"level"};
  const auto left = [&](const std::string& where) {
    const ScoredRows data = Loaded(rows, {"rsr", "tokens", "avg_surprisal"}, info);
    std::string ids;
    for (const Candidate& c : FindCandidates(data, {.where = where}).rows)
      ids += data.rows[c.index].id;
    std::sort(ids.begin(), ids.end());
    return ids;
  };
  EXPECT_EQ(left("correct"), "a");
  EXPECT_EQ(left("not correct"), "b");
  EXPECT_EQ(left("correct is null"), "c");  // d has no value of the metric
  EXPECT_EQ(left("level >= 8"), "b");
  EXPECT_EQ(left("tokens = 1 and rsr < 2"), "c");
  EXPECT_EQ(left("problem_accuracy = 0.5"), "ab");
  EXPECT_EQ(left("problem_candidates = 2 and teacher = 't'"), "ac");
  EXPECT_EQ(left("source is null"), "abc");

  const auto error = [&](const std::string& where) { return ErrorOf([&] { left(where); }); };
  EXPECT_THAT(error("levle > 1").message(), HasSubstr("unknown column 'levle'"));
  EXPECT_THAT(error("levle > 1").hint(), HasSubstr("did you mean 'level'?"));
  EXPECT_THAT(error("correct and rsr < 3").message(),
              HasSubstr("of 4 rows 4 are filtered out, 0 without a value of rsr"));
  EXPECT_EQ(error("correct and rsr < 3").hint(),
            "`correct` alone holds for 1, `rsr < 3` alone holds for 2");
  EXPECT_EQ(error("id < 3").message(),
            "filter `id < 3`: row 'a' (data.jsonl:0): the text 'a' and the number 3 have no order");
  EXPECT_EQ(error("source = 'x'").hint(),
            "`source = 'x'` alone holds for 0; no row has a value of `source`");
}

TEST(Choose, ProblemAccuracyIsOverTheRowsWithALabel) {
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 8; ++i)
    rows.push_back(MakeRow(i, Name("id", i), i < 4 ? "p" : "q", "t", {{1, 1}}));
  rows[0].correct = true;
  rows[2].correct = rows[3].correct = false;  // of p one of three, and one without a label
  rows[4].correct = true;                     // of q the only one
  const ScoredRows data = Loaded(rows, {"rsr"});
  const auto left = [&](const std::string& where) {
    return FindCandidates(data, {.where = where}).rows.size();
  };
  EXPECT_EQ(left("problem_accuracy > 0.33 and problem_accuracy < 0.34"), 4u);
  EXPECT_EQ(left("problem_accuracy = 1"), 4u);
  EXPECT_EQ(left("problem_candidates = 4"), 8u);
  for (size_t i = 4; i < 8; ++i) rows[i].correct.reset();
  const ScoredRows unlabelled = Loaded(rows, {"rsr"});
  EXPECT_EQ(FindCandidates(unlabelled, {.where = "problem_accuracy is null"}).rows.size(), 4u);
}

// Runs may keep their columns in other places; what is kept is text.
TEST(Choose, KeptColumnsAreThoseOfTheRowsOwnRun) {
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 4; ++i)
    rows.push_back(MakeRow(i, Name("id", i), Name("p", i), "t", {{1, 1}}));
  for (RunRow& row : rows) row.kept = {std::to_string(row.row), "9"};
  RunInfo info = test::MakeInfo({{"data.jsonl", "", 0, 0}});
  info.kept = {"level", "other"};
  ScoredRows data = Loaded(rows, {"rsr"}, info);
  info.kept = {"other", "level"};
  data.runs.push_back({"SECOND", info});
  for (size_t i = 2; i < 4; ++i) data.rows[i].run = 1;  // so of level 9
  EXPECT_EQ(FindCandidates(data, {.where = "level = 9"}).rows.size(), 2u);
  EXPECT_EQ(FindCandidates(data, {.where = "level <= 1"}).rows.size(), 2u);
  const Candidates all = FindCandidates(data, {});
  std::vector<int64_t> found;
  for (const auto& group : FindGroups({"level:0..0=1,1..8=1,9..=1"}, data, all).groups)
    found.push_back(group.candidates);
  EXPECT_THAT(found, ElementsAre(1, 1, 2));
}

TEST(Quotas, WhatTheTextsSay) {
  const Quota quota = ParseQuota("level:*=10,math, hard=50%,0..0.5=0.25,..-1=3,a=b=7");
  EXPECT_EQ(quota.column, "level");
  std::vector<std::string> parts;
  for (const Quota::Part& part : quota.parts)
    parts.push_back(fmt::format("{} {} {} {} {} {}", part.value, part.others, part.band, part.low,
                                part.high, part.is_share ? part.limit * 100 : part.limit));
  EXPECT_THAT(parts, ElementsAre("math, hard false false 0 0 50", "0..0.5 false true 0 0.5 25",
                                 "..-1 false true -inf -1 3", "a=b false false 0 0 7",
                                 "* true false 0 0 10"));
}

TEST(Quotas, SharesAreRoundedUpToWholeRowsAndDownToTokens) {
  QuotaGroups groups;
  for (const double share : {0.07, 0.071, 0.0, 1.0})
    groups.groups.push_back({.is_share = true, .limit = share});
  const auto limits = [&](int64_t QuotaGroups::Group::*limit) {
    std::vector<int64_t> all;
    for (const QuotaGroups::Group& group : groups.groups) all.push_back(group.*limit);
    return all;
  };
  SetShares(groups, 100, 0);
  EXPECT_THAT(limits(&QuotaGroups::Group::max_rows), ElementsAre(7, 8, 0, 100));  // 0.07 * 100 > 7
  SetShares(groups, 0, 100);
  EXPECT_THAT(limits(&QuotaGroups::Group::max_tokens), ElementsAre(7, 7, 0, 100));
}

TEST(Quotas, ABorderBelongsToTheBandNamedFirst) {
  std::vector<RunRow> rows;
  for (int64_t i = 0; i < 9; ++i)
    rows.push_back(MakeRow(i, Name("id", i), Name("p", i), "t",
                           std::vector<test::Token>(static_cast<size_t>(i + 1))));
  const ScoredRows data = Loaded(rows, {"rsr", "tokens"});
  const auto candidates = [&](const char* quota) {
    std::vector<int64_t> of_group;
    for (const auto& group : FindGroups({quota}, data, FindCandidates(data, {})).groups)
      of_group.push_back(group.candidates);
    return of_group;
  };
  EXPECT_THAT(candidates("tokens:1..3=1,3..6=1,6..=1"), ElementsAre(3, 3, 3));
  EXPECT_THAT(candidates("tokens:6..=1,3..6=1,1..3=1"), ElementsAre(4, 3, 2));
}

TEST(Quotas, TextsThatAreNone) {
  for (const char* text :
       {"", "source", ":a=1", "source:", "source:a", "source:=1", "source:a=", "source:a=x",
        "source:a=-1", "source:a=1.5", "source:a=101%", "source:1..0=5", "source:a=1,b",
        "source:a=nan", "source:a=1e300", "source:a=1,a=2", "source:*=1,a=2,*=3"}) {
    const Error error = ErrorOf([&] { ParseQuota(text); });
    EXPECT_THAT(error.message(), HasSubstr(fmt::format("quota `{}`", text)));
    EXPECT_THAT(error.hint(), HasSubstr("source:math=50%"));
  }
  const ScoredRows data = Loaded(RandomRows(9, 1), {"rsr"});
  const auto use = [&](const char* quota) {
    return ErrorOf([&] { Select(data, {.top = 1, .quotas = {quota}}); });
  };
  EXPECT_THAT(use("teacher:t9=1").message(), HasSubstr("teacher:t9: no row has this value"));
  EXPECT_THAT(use("teacher:t9=1").hint(), HasSubstr("one of: t0, t1, t2, t3"));
  EXPECT_THAT(use("techer:t1=1").hint(), HasSubstr("'teacher'"));
}

}  // namespace
}  // namespace rsr
