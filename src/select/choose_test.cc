#include "select/choose.h"

#include <gmock/gmock.h>

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

double Value(const ScoredRows& data, size_t row) { return data.Value(data.rows[row]); }

TEST(Choose, TakesTheBestOfEachProblem) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    for (const char* metric : {"rsr", "correct"}) {
      for (const int64_t k : {1, 2, 100}) {
        const ScoredRows data = Loaded(RandomRows(60, seed), {metric});
        const bool low = data.metrics[0]->better == Better::kLow;
        const Choice choice = Choose(data, {.metric = metric, .per_problem = k});
        std::map<std::string, std::vector<size_t>> taken, all;
        for (size_t i = 0; i < data.rows.size(); ++i) all[data.rows[i].problem_id].push_back(i);
        for (const auto& pick : choice.picks)
          taken[data.rows[pick.index].problem_id].push_back(pick.index);
        ASSERT_EQ(taken.size(), all.size());
        ASSERT_EQ(choice.problems, static_cast<int64_t>(all.size()));
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
  const Choice choice = Choose(data, {.per_problem = 1});
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
    const Choice choice = Choose(data, {.top = top});
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
  for (const auto& pick : Choose(data, {.per_problem = 2}).picks) {
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
  const Choice choice = Choose(Loaded(rows, {"rsr"}), {.top = 100, .correct_only = true});
  EXPECT_EQ(choice.labelled_wrong, wrong);
  EXPECT_EQ(choice.without_value, 2);
  EXPECT_EQ(choice.candidates, 40 - wrong);
  EXPECT_EQ(choice.picks.size(), static_cast<size_t>(40 - wrong));

  rows[7].correct.reset();
  rows[7].line = 8;
  const Error error =
      ErrorOf([&] { Choose(Loaded(rows, {"rsr"}), {.top = 1, .correct_only = true}); });
  EXPECT_THAT(error.message(), HasSubstr("'id7' (data.jsonl:8) has no label"));
}

}  // namespace
}  // namespace rsr
