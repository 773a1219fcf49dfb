#include "select/near_duplicates.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "metrics/test_run.h"
#include "select/choose.h"

namespace rsr {
namespace {

using test::Loaded;
using test::MakeRow;
using test::Name;
using test::Scratch;
using ::testing::ElementsAre;

using Tokens = std::vector<int32_t>;

RunRow Row(int64_t row, const Tokens& tokens, int32_t rank) {
  std::vector<test::Token> made;
  for (const int32_t id : tokens) made.push_back({.rank = rank, .id = id});
  return MakeRow(row, Name("id", row), Name("p", row), "t", made);
}

Tokens Random(size_t n, std::mt19937_64& random) {
  Tokens tokens(n);
  for (int32_t& token : tokens) token = static_cast<int32_t>(random() % 30000);
  return tokens;
}

double Jaccard(const Tokens& a, const Tokens& b, size_t shingle) {
  const auto shingles = [&](const Tokens& tokens) {
    std::set<Tokens> set;
    for (size_t i = 0; i + shingle <= tokens.size(); ++i)
      set.insert(Tokens(tokens.begin() + static_cast<ptrdiff_t>(i),
                        tokens.begin() + static_cast<ptrdiff_t>(i + shingle)));
    return set;
  };
  const std::set<Tokens> x = shingles(a), y = shingles(b);
  const auto both = std::count_if(x.begin(), x.end(), [&](const auto& s) { return y.contains(s); });
  return static_cast<double>(both) / static_cast<double>(x.size() + y.size() - both);
}

// Rows of which one in three is an earlier one with some tokens changed.
std::vector<Tokens> Corpus(int n, std::mt19937_64& random) {
  std::vector<Tokens> corpus;
  for (int i = 0; i < n; ++i) {
    if (i % 3 == 0 && i > 0) {
      corpus.push_back(corpus[random() % corpus.size()]);
      for (auto changes = random() % 30; changes > 0; --changes)
        corpus.back()[random() % corpus.back().size()] = static_cast<int32_t>(random() % 30000);
    } else {
      corpus.push_back(Random(100 + random() % 300, random));
    }
  }
  return corpus;
}

struct Case {
  ScoredRows data;
  Candidates candidates;
};

Case Stored(const Scratch& dir, const std::string& name, const std::vector<RunRow>& rows) {
  test::WriteRun(dir / name,
                 test::MakeInfo({{"data.jsonl", "", 0, static_cast<int64_t>(rows.size())}}), rows);
  Case made{.data = LoadRows({dir / name}, {&FindMetric("rsr")})};
  made.candidates = FindCandidates(made.data, {});
  return made;
}

TEST(NearDuplicates, EstimatesTheJaccardSimilarity) {
  const Scratch dir;
  std::mt19937_64 random(1);
  const std::vector<Tokens> corpus = Corpus(60, random);
  std::vector<RunRow> rows;
  for (size_t i = 0; i < corpus.size(); ++i)
    rows.push_back(Row(static_cast<int64_t>(i), corpus[i], 1));
  const Case c = Stored(dir, "run", rows);
  const Signatures signatures(c.data, c.candidates, {.jaccard = 0, .permutations = 512}, 3);
  double worst = 0;
  for (size_t a = 0; a < corpus.size(); ++a)
    for (size_t b = 0; b <= a; ++b)
      worst = std::max(worst, std::abs(signatures.SimilarityAtThreshold(a, b).value() -
                                       Jaccard(corpus[a], corpus[b], 5)));
  EXPECT_LT(worst, 4.5 * 0.5 / std::sqrt(512));  // 1,830 pairs within 4.5 standard deviations
  EXPECT_EQ(signatures.SimilarityAtThreshold(7, 7), 1);
}

// What is taken holds no pair above the threshold, what is passed over is above it to a better row
// that was taken, and nothing else is passed over. (Within the error of the estimate.)
TEST(NearDuplicates, TheBestOfEachClusterStays) {
  const Scratch dir;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    std::mt19937_64 random(seed);
    const std::vector<Tokens> corpus = Corpus(80, random);
    std::vector<RunRow> rows;
    for (size_t i = 0; i < corpus.size(); ++i)
      rows.push_back(
          Row(static_cast<int64_t>(i), corpus[i], static_cast<int32_t>(1 + random() % 50)));
    const Case c = Stored(dir, Name("run", static_cast<int64_t>(seed)), rows);
    const Signatures signatures(c.data, c.candidates, {.jaccard = 0.7, .permutations = 512}, seed);
    const Choice choice =
        Choose(c.candidates.rows, c.data, {.top = 1000, .signatures = &signatures});
    ASSERT_GT(choice.duplicates.size(), 3u);
    EXPECT_EQ(choice.duplicates.size(), static_cast<size_t>(choice.passed_over.at("duplicate")));
    EXPECT_EQ(choice.picks.size() + choice.duplicates.size(), corpus.size());
    constexpr double kError = 0.1;
    for (const Candidate& a : choice.picks) {
      for (const Candidate& b : choice.picks) {
        if (a.index == b.index) continue;
        EXPECT_LT(Jaccard(corpus[a.index], corpus[b.index], 5), 0.7 + kError);
      }
    }
    std::map<size_t, size_t> order;
    for (const Candidate& candidate : c.candidates.rows)
      order.emplace(candidate.index, order.size());
    for (const Choice::Duplicate& duplicate : choice.duplicates) {
      // It is told of the most similar one of those taken before it, the first of equal ones.
      std::optional<std::pair<double, size_t>> nearest;
      for (const Candidate& pick : choice.picks) {
        const auto similarity = signatures.SimilarityAtThreshold(duplicate.index, pick.index);
        if (similarity && order[pick.index] < order[duplicate.index] &&
            (!nearest || *similarity > nearest->first))
          nearest = {*similarity, pick.index};
      }
      EXPECT_EQ(nearest, std::pair(duplicate.similarity, duplicate.of));
      EXPECT_GT(Jaccard(corpus[duplicate.index], corpus[duplicate.of], 5), 0.7 - kError);
      EXPECT_LE(c.data.Value(c.data.rows[duplicate.of]),
                c.data.Value(c.data.rows[duplicate.index]));
      EXPECT_TRUE(std::any_of(choice.picks.begin(), choice.picks.end(),
                              [&](const Candidate& pick) { return pick.index == duplicate.of; }));
    }
  }
}

// Few permutations, so that ties are frequent and a band is one position: the match is the first
// added of the most similar rows, wherever its bands are met.
TEST(NearDuplicates, TheMatchIsTheFirstOfTheMostSimilar) {
  const Scratch dir;
  std::mt19937_64 random(4);
  std::vector<RunRow> rows;
  const Tokens text = Random(60, random);
  for (int64_t i = 0; i < 120; ++i) {
    Tokens changed = text;
    for (auto changes = 1 + random() % 4; changes > 0; --changes)
      changed[random() % changed.size()] = static_cast<int32_t>(random() % 30000);
    rows.push_back(Row(i, changed, 1));
  }
  const Case c = Stored(dir, "run", rows);
  const Signatures signatures(c.data, c.candidates, {.jaccard = 0.3, .permutations = 16}, 2);
  ASSERT_EQ(signatures.band(), 1u);
  int ties = 0;
  for (size_t first = 0; first + 6 < rows.size(); ++first) {
    TakenSignatures taken(signatures);
    std::optional<std::pair<double, size_t>> nearest;
    for (size_t i = first + 1; i <= first + 6; ++i) {
      taken.Add(i);
      const auto similarity = signatures.SimilarityAtThreshold(first, i);
      if (similarity && nearest && *similarity == nearest->first) ++ties;
      if (similarity && (!nearest || *similarity > nearest->first)) nearest = {*similarity, i};
    }
    const auto match = taken.Find(first);
    ASSERT_EQ(match.has_value(), nearest.has_value());
    if (!match) continue;
    EXPECT_EQ(std::pair(match->similarity, match->index), *nearest);
  }
  EXPECT_GT(ties, 20);
}

TEST(NearDuplicates, SeedShingleAndRunMatter) {
  const Scratch dir;
  std::mt19937_64 random(5);
  const Tokens text = Random(400, random);
  Tokens other = text;
  for (size_t i = 10; i < other.size(); i += 20) other[i] = 30001;
  Stored(dir, "one", {Row(0, text, 1)});
  RunRow second = Row(0, other, 2);
  second.id = "second";
  Stored(dir, "two", {second});
  Case both{.data = LoadRows({dir / "one", dir / "two"}, {&FindMetric("rsr")})};
  both.candidates = FindCandidates(both.data, {});
  const auto signatures = [&](int shingle, uint64_t seed) {
    return Signatures(both.data, both.candidates,
                      {.jaccard = 0.01, .shingle = shingle, .permutations = 1024}, seed);
  };
  for (const int shingle : {2, 5, 9}) {
    EXPECT_NEAR(signatures(shingle, 1).SimilarityAtThreshold(0, 1).value(),
                Jaccard(text, other, static_cast<size_t>(shingle)), 0.07)
        << shingle;
  }
  EXPECT_EQ(signatures(5, 1).Of(0), signatures(5, 1).Of(0));
  EXPECT_NE(signatures(5, 1).Of(0), signatures(5, 2).Of(0));
}

TEST(NearDuplicates, ShortRowsAreOneShingle) {
  const Scratch dir;
  const Case c =
      Stored(dir, "run", {Row(0, {1, 2}, 3), Row(1, {1, 2}, 2), Row(2, {1, 3}, 1), Row(3, {1}, 4)});
  const Signatures signatures(c.data, c.candidates, {.jaccard = 1}, 0);
  const Choice choice = Choose(c.candidates.rows, c.data, {.top = 9, .signatures = &signatures});
  ASSERT_EQ(choice.duplicates.size(), 1u);
  EXPECT_EQ(c.data.rows[choice.duplicates[0].index].id, "id0");
  EXPECT_EQ(c.data.rows[choice.duplicates[0].of].id, "id1");
  EXPECT_EQ(choice.duplicates[0].similarity, 1);
}

TEST(NearDuplicates, DoNotDependOnTheOrderOfStorage) {
  const Scratch dir;
  std::mt19937_64 random(9);
  const std::vector<Tokens> corpus = Corpus(60, random);
  std::vector<RunRow> rows;
  for (size_t i = 0; i < corpus.size(); ++i)
    rows.push_back(Row(static_cast<int64_t>(i), corpus[i], static_cast<int32_t>(1 + i % 7)));
  const auto dropped = [&](const std::string& name) {
    const Case c = Stored(dir, name, rows);
    const Signatures signatures(c.data, c.candidates, {.jaccard = 0.6}, 1);
    std::vector<std::string> ids;
    for (const auto& duplicate :
         Choose(c.candidates.rows, c.data, {.top = 99, .signatures = &signatures}).duplicates)
      ids.push_back(c.data.rows[duplicate.index].id + " " + c.data.rows[duplicate.of].id);
    return ids;
  };
  const auto first = dropped("first");
  EXPECT_GT(first.size(), 2u);
  std::shuffle(rows.begin(), rows.end(), random);
  EXPECT_EQ(dropped("second"), first);
}

// 999 of 1,000 pairs at the threshold share a band, so that they are looked at.
TEST(NearDuplicates, BandsFollowTheThreshold) {
  const Scratch dir;
  const Case c = Stored(dir, "run", {Row(0, {1, 2}, 1)});
  std::vector<size_t> bands;
  for (const double jaccard : {0.1, 0.5, 0.8, 0.9, 1.0})
    bands.push_back(Signatures(c.data, c.candidates, {.jaccard = jaccard}, 0).band());
  EXPECT_THAT(bands, ElementsAre(1, 2, 5, 8, 16));
}

}  // namespace
}  // namespace rsr
