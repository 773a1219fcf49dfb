// Words, keywords, steps and repetitions of token sequences, against plain versions of them.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <regex>

#include "metrics/fold_input.h"
#include "metrics/test_run.h"

namespace rsr {
namespace {

using test::MakeRow;

// A text cut into the given pieces, each a vocabulary entry of its own.
struct Cut {
  explicit Cut(const std::vector<std::string>& pieces) : vocab(pieces) {
    for (size_t i = 0; i < pieces.size(); ++i) {
      tokens.token_id.push_back(static_cast<int32_t>(i));
      tokens.position.push_back(static_cast<int32_t>(i));
      tokens.surprisal.push_back(std::ldexp(1.0f, static_cast<int>(i)));
    }
  }
  TokenColumns tokens;
  VocabTraits vocab;
};

// What a metric is told of such a text.
struct Told {
  explicit Told(const Cut& cut) : Told(cut.tokens, cut.vocab) {}
  Told(const TokenColumns& tokens, const VocabTraits& vocab)
      : row{.tokens = tokens}, in(row, vocab) {}
  RunRow row;
  FoldInput in;
};

TEST(Text, CountsDoNotDependOnWhereTokensAreCut) {
  const std::string text =
      "Check, verify\tperhaps mightily; MIGHT. checks \xC3\xA9since\n\n therefore9Therefore check";
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> pieces(1);
    for (const char c : text) {
      if (random() % 3 == 0) pieces.emplace_back();
      if (random() % 9 == 0) pieces.emplace_back();  // an empty one
      pieces.back() += c;
    }
    const Cut cut(pieces);
    const Told told(cut);
    ASSERT_EQ(told.in.text().chars, static_cast<int64_t>(text.size()) - 1);
    ASSERT_EQ(told.in.text().words, 9);
    ASSERT_EQ(told.in.keywords().check, 3);
    ASSERT_EQ(told.in.keywords().perhaps, 2);
    ASSERT_EQ(told.in.keywords().therefore, 3);
  }
}

TEST(Text, WordsEndAtEveryWhiteSpaceOfAscii) {
  const Cut cut({"a\rb\fc\vd\te\nf g", "\r", "h"});
  EXPECT_EQ(Told(cut.tokens, cut.vocab).in.text().words, 8);
  const std::string lines(300, '\n');  // more than a byte counts
  const Cut wide({"a" + lines + "b"});
  EXPECT_EQ(Told(wide.tokens, wide.vocab).in.text().words, 2);
  EXPECT_EQ(Told(wide.tokens, wide.vocab).in.text().chars, 302);
}

TEST(Text, AGapEndsAWord) {
  Cut cut({"che", "ck", "x"});
  cut.tokens.position[2] = 9;
  EXPECT_EQ(Told(cut).in.keywords().check, 1);
  EXPECT_EQ(Told(cut).in.text().words, 2);
  cut.tokens.position[2] = 2;
  EXPECT_EQ(Told(cut).in.keywords().check, 0);
  EXPECT_EQ(Told(cut).in.text().words, 1);
}

TEST(Text, TokensOutsideTheVocabularyAreEmpty) {
  Cut cut({"a", "b"});
  cut.tokens.token_id = {-1, 1 << 30};
  EXPECT_EQ(Told(cut).in.text().chars, 0);
  EXPECT_EQ(Told(cut.tokens, VocabTraits()).in.text().words, 0);
}

TEST(Steps, EndAtNewlinesAndPeriodsBeforeABlank) {
  const auto heads = [](const std::vector<std::string>& pieces) {
    return Told(Cut(pieces)).in.steps().head_surprisal;  // of token i: 2^i
  };
  EXPECT_EQ(heads({"a", "b", "c", "d"}), 0b0011);
  EXPECT_EQ(heads({"a", "b", "c", ".", " d", "e", "f"}), 0b0110011);
  EXPECT_EQ(heads({"a", "b", "c", ".", "d", "e", "f"}), 0b0000011);  // 3.5
  EXPECT_EQ(heads({"a", "b", ".\n\n", "d", "e", "f"}), 0b011011);
  EXPECT_EQ(heads({"a", "b", ". c", "d", "e", "f"}), 0b011011);
  EXPECT_EQ(heads({"\n", "\n", "a", "b", "c"}), 0b01111);
  Cut gap({"a", "b", "c", "d", "e", "f"});
  for (size_t k = 3; k < 6; ++k) gap.tokens.position[k] += 5;
  const StepSums sums = Told(gap).in.steps();
  EXPECT_EQ(sums.head_surprisal, 0b011011);
  EXPECT_EQ(sums.tail_surprisal, 0b100100);
  EXPECT_EQ(sums.heads, 4);
  EXPECT_EQ(sums.tails, 2);
}

Repetition Found(const std::vector<int32_t>& ids, size_t gap = 0) {
  TokenColumns tokens{.token_id = ids};
  for (size_t i = 0; i < ids.size(); ++i)
    tokens.position.push_back(static_cast<int32_t>(i) + (gap > 0 && i >= gap ? 7 : 0));
  return FindRepetition(tokens, StretchEnds(tokens));
}

std::vector<int32_t> Block(int32_t first, int32_t length, int times) {
  std::vector<int32_t> ids;
  for (int t = 0; t < times; ++t) {
    for (int32_t i = 0; i < length; ++i) ids.push_back(first + i);
  }
  return ids;
}

TEST(Repetition, LongestStretchIsAllRepeatsOfABlock) {
  EXPECT_EQ(Found({}).longest, 0);
  EXPECT_EQ(Found(Block(0, 30, 1)).longest, 0);
  EXPECT_EQ(Found(Block(0, 30, 1)).grams, 23);
  EXPECT_EQ(Found(Block(0, 30, 2)).longest, 30);
  EXPECT_EQ(Found(Block(0, 30, 5)).longest, 120);
  EXPECT_EQ(Found(std::vector<int32_t>(40, 7)).longest, 39);
  EXPECT_EQ(Found(std::vector<int32_t>(40, 7)).repeated, 32);
  EXPECT_EQ(Found(Block(0, 3, 10)).longest, 27);
  // Said again, but not at once.
  std::vector<int32_t> apart = Block(0, 20, 1);
  for (const int32_t id : Block(100, 5, 1)) apart.push_back(id);
  for (const int32_t id : Block(0, 20, 1)) apart.push_back(id);
  EXPECT_EQ(Found(apart).longest, 0);
  EXPECT_EQ(Found(apart).repeated, 13);
  // In two turns.
  EXPECT_EQ(Found(Block(0, 30, 2), 30).longest, 0);
  EXPECT_EQ(Found(Block(0, 30, 2), 30).repeated, 23);
  EXPECT_EQ(Found(Block(0, 30, 2), 30).grams, 46);
}

// The definition of docs/metrics.md with a map of whole 8-grams.
TEST(Repetition, EqualsThePlainVersion) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<int32_t> ids;
    while (ids.size() < 400) {
      const size_t length = 1 + random() % 30;
      if (ids.size() > length && random() % 2 == 0) {
        for (size_t times = 1 + random() % 4; times > 0; --times)
          for (size_t i = 0; i < length; ++i) ids.push_back(ids[ids.size() - length]);
      } else {
        for (size_t i = 0; i < length; ++i) ids.push_back(static_cast<int32_t>(random() % 5));
      }
    }
    std::map<std::vector<int32_t>, int> last_end;
    int repeated = 0, longest = 0, d = 0, length = 0;
    for (int k = 0; k < static_cast<int>(ids.size()); ++k) {
      int last = -1;
      if (k >= 7) {
        const std::vector<int32_t> gram(ids.begin() + k - 7, ids.begin() + k + 1);
        if (last_end.contains(gram)) last = last_end[gram], ++repeated;
        last_end[gram] = k;
      }
      if (d > 0 && ids[k] == ids[k - d]) {
        ++length;
      } else {
        d = last >= 0 ? k - last : 0;
        length = 8;
      }
      if (d > 0 && length >= d) longest = std::max(longest, length);
    }
    ASSERT_EQ(Found(ids).repeated, repeated);
    ASSERT_EQ(Found(ids).longest, longest);
  }
}

TEST(Loops, NoopTurnsSayNothingOrTheSameAgain) {
  const std::vector<std::string> vocab = {"a", "b", " ", "\n"};
  // Turns: "ab", "ab", " \n", "b", "ab"; the second and the third are none.
  RunRow row = MakeRow(0, "x", "p", "t", std::vector<test::Token>(9));
  row.tokens.token_id = {0, 1, 0, 1, 2, 3, 1, 0, 1};
  row.tokens.position = {0, 1, 5, 6, 10, 11, 20, 30, 31};
  const ScoredRows data =
      test::Loaded({row}, {"noop_turns"}, test::MakeInfo({{"data.jsonl", "", 0, 0}}), vocab);
  EXPECT_EQ(data.Value(data.rows[0]), 2);
}

}  // namespace
}  // namespace rsr
