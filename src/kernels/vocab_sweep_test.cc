// The fast sweep against its slow twin: sizes through every remainder, extreme rows, transforms.
#include "kernels/vocab_sweep.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "gmock/gmock.h"
#include "kernels/kernel_testing.h"
#include "rsr/error.h"

namespace rsr {
namespace {

struct Case {
  int64_t vocab, width, rows;
  LogitTransform transform = {};
};

std::string Name(const Case& c) {
  return "vocab " + std::to_string(c.vocab) + " width " + std::to_string(c.width) + " rows " +
         std::to_string(c.rows);
}

class VocabSweepTest : public testing::Test {
 protected:
  // Exact products: every statistic holds the header's bound, every rank and tie is equal.
  void CompareOnGrid(const Case& c) {
    const TestMatrix matrix(c.vocab, c.width, WeightGrid(c.vocab * c.width, 1), c.vocab % 2);
    const std::vector<float> hidden = HiddenGrid(c.rows * c.width, 2);
    const std::vector<int32_t> targets = Targets(c.rows, c.vocab, 3);
    Compare(matrix, c.transform, hidden, targets, Name(c));
  }
  void Compare(const OutputMatrix& matrix, const LogitTransform& transform,
               const std::vector<float>& hidden, const std::vector<int32_t>& targets,
               const std::string& name) {
    const auto want = RunSweep(*NewReferenceVocabSweep(matrix, transform), hidden, targets);
    ForEachLevel([&](const std::string&) {
      ExpectSameLogitsStats(RunSweep(*NewVocabSweep(matrix, transform), hidden, targets), want,
                            name, worst_);
    });
  }

  void TearDown() override { RecordWorst(worst_); }

  WorstUlps worst_;
};

TEST_F(VocabSweepTest, EveryVocabularyUpTo300) {
  for (int64_t vocab = 1; vocab <= 300 && !HasFailure(); ++vocab) CompareOnGrid({vocab, 7, 3});
}

TEST_F(VocabSweepTest, SizesThroughEveryRemainder) {
  for (const int64_t width : {1, 7, 64, 576}) {
    for (const int64_t rows : {0, 1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 600}) {
      if (!HasFailure()) CompareOnGrid({513, width, rows});
    }
  }
}

TEST_F(VocabSweepTest, LargeVocabularies) {
  CompareOnGrid({49152, 64, 3});
  CompareOnGrid({151936, 16, 3});
}

TEST_F(VocabSweepTest, Transforms) {
  const std::vector<float> bias = HiddenGrid(1000, 4);
  CompareOnGrid({1000, 64, 40, {.scale = 0.125f}});
  CompareOnGrid({1000, 64, 40, {.bias = bias.data()}});
  CompareOnGrid({1000, 64, 40, {.scale = 4, .bias = bias.data()}});
}

// Width 1 and hidden state 1: the weights are the logits.
struct Distribution {
  const char* name;
  std::vector<float> logits;
};

std::vector<Distribution> Distributions() {
  std::vector<Distribution> all;
  const int n = 3001;
  const auto add = [&](const char* name, auto logit) {
    std::vector<float> logits(n);
    for (int v = 0; v < n; ++v) logits[v] = logit(v);
    all.push_back({name, std::move(logits)});
  };
  const std::vector<float> noise = Gaussian(n, 3, 5);
  add("uniform", [](int) { return 1.5f; });
  add("random", [&](int v) { return noise[v]; });
  add("random, negative", [&](int v) { return noise[v] - 40; });
  add("ascending", [](int v) { return 0.01f * static_cast<float>(v); });
  add("descending", [](int v) { return -0.01f * static_cast<float>(v); });
  add("steep ascending", [](int v) { return 0.5f * static_cast<float>(v) - 700; });
  add("steep descending", [](int v) { return 700 - 0.5f * static_cast<float>(v); });
  // p = 1 - 1e-4, 1 - 1e-9, 1 - 1e-17 ... of one token: what is left is all that the surprisal
  // consists of.
  for (const float top : {17.0f, 28.123f, 47.0f, 73.4321f, 100.0f, 1000.0f}) {
    add("one dominant", [&](int v) { return v == 1234 ? top : noise[v]; });
    add("two dominant", [&](int v) {
      return v == 1234 ? top : v == 2900 ? top - 9.123f : noise[v];
    });
  }
  add("around 256", [&](int v) { return 255 + noise[v] / 3; });
  add("around -256", [&](int v) { return -255 + noise[v] / 3; });
  add("far from 0", [&](int v) { return 12345 + noise[v]; });
  add("far below 0", [&](int v) { return -12345 + noise[v]; });
  add("wide", [&](int v) { return 1e4f * noise[v]; });
  add("huge", [&](int v) { return 1e30f * noise[v]; });
  add("tiny", [&](int v) { return 1e-30f * noise[v]; });
  return all;
}

TEST_F(VocabSweepTest, Distributions) {
  for (const Distribution& d : Distributions()) {
    const TestMatrix matrix(static_cast<int64_t>(d.logits.size()), 1, d.logits);
    std::vector<int32_t> order(d.logits.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return d.logits[a] > d.logits[b]; });
    // The most probable tokens and some of every other probability.
    std::vector<int32_t> targets(order.begin(), order.begin() + 20);
    for (size_t i = 20; i < order.size(); i += 97) targets.push_back(order[i]);
    targets.push_back(order.back());
    const std::vector<float> hidden(targets.size(), 1.0f);
    Compare(matrix, {}, hidden, targets, d.name);
  }
}

// Logits of one row in double, and the largest error of a plain float32 loop over them.
struct ExactLogits {
  std::vector<double> values;
  double plain_error = 0;
};

ExactLogits Exactly(const TestMatrix& matrix, const float* hidden) {
  ExactLogits exact{std::vector<double>(matrix.vocab())};
  std::vector<float> weights(matrix.width());
  for (int64_t v = 0; v < matrix.vocab(); ++v) {
    matrix.ReadRows(v, 1, weights.data());
    float plain = 0;
    for (int64_t k = 0; k < matrix.width(); ++k) {
      plain += weights[k] * hidden[k];
      exact.values[v] += static_cast<double>(weights[k]) * hidden[k];
    }
    exact.plain_error = std::max(exact.plain_error, std::abs(plain - exact.values[v]));
  }
  return exact;
}

// Products that round: the twins' logits differ, each by at most twice what a plain float32 loop is
// off. Ranks may move by the entries that are that close to the target.
TEST_F(VocabSweepTest, RoundedProducts) {
  int64_t near_ties = 0;
  for (const Case& c : {Case{1000, 64, 40}, {777, 576, 33}, {5000, 1000, 5}}) {
    const TestMatrix matrix(c.vocab, c.width, Gaussian(c.vocab * c.width, 1, 6));
    const auto hidden = Gaussian(c.rows * c.width, 3 / std::sqrt(static_cast<float>(c.width)), 7);
    const std::vector<int32_t> targets = Targets(c.rows, c.vocab, 8);
    const auto want = RunSweep(*NewReferenceVocabSweep(matrix), hidden, targets);
    std::vector<ExactLogits> exact;
    for (int64_t row = 0; row < c.rows; ++row) {
      exact.push_back(Exactly(matrix, hidden.data() + row * c.width));
    }
    ForEachLevel([&](const std::string&) {
      const auto got = RunSweep(*NewVocabSweep(matrix), hidden, targets);
      for (int64_t row = 0; row < c.rows; ++row) {
        SCOPED_TRACE(Name(c) + " row " + std::to_string(row));
        const TokenStats &g = got[row], &w = want[row];
        const double bound = 4 * exact[row].plain_error;  // of a difference of two logits
        const auto close =
            std::count_if(
                exact[row].values.begin(), exact[row].values.end(),
                [&](double l) { return std::abs(l - exact[row].values[targets[row]]) <= bound; }) -
            1;
        near_ties += close;
        ASSERT_NEAR(g.surprisal, w.surprisal, bound);
        ASSERT_NEAR(g.top1_logprob, w.top1_logprob, bound);
        ASSERT_NEAR(g.entropy, w.entropy, bound * w.entropy);
        ASSERT_NEAR(g.sum_p2, w.sum_p2, 2 * bound * w.sum_p2);
        ASSERT_NEAR(g.mass_above, w.mass_above, bound + 1.01 * close * std::exp(-w.surprisal));
        ASSERT_LE(std::abs(g.rank - w.rank), close);
        ASSERT_EQ(g.ties, 0);
        ASSERT_EQ(g.top1_id, w.top1_id);
      }
    });
  }
  std::printf("entries so close to a target that they may move its rank: %d\n",
              static_cast<int>(near_ties));
}

// A soft cap in double: its logits are the reference's rounded once, and ranks survive where it
// flattens.
TEST_F(VocabSweepTest, SoftCap) {
  const Case c{1000, 64, 40, {.soft_cap = 30}};
  const TestMatrix matrix(c.vocab, c.width, WeightGrid(c.vocab * c.width, 1));
  const std::vector<float> hidden = HiddenGrid(c.rows * c.width, 2);
  const std::vector<int32_t> targets = Targets(c.rows, c.vocab, 3);
  const auto want = RunSweep(*NewReferenceVocabSweep(matrix, c.transform), hidden, targets);
  ForEachLevel([&](const std::string&) {
    const auto got = RunSweep(*NewVocabSweep(matrix, c.transform), hidden, targets);
    for (int64_t row = 0; row < c.rows; ++row) {
      // Two logits below 32, each off by half an ulp, 2^-20 together; an ulp of the surprisal,
      // below 64, is 2^-18.
      const double bound = 0x1p-20;
      ASSERT_NEAR(got[row].surprisal, want[row].surprisal, bound + 0x1p-18) << row;
      ASSERT_NEAR(got[row].entropy, want[row].entropy, bound * want[row].entropy) << row;
      ASSERT_EQ(got[row].rank, want[row].rank) << row;
      ASSERT_EQ(got[row].ties, want[row].ties) << row;
      ASSERT_EQ(got[row].top1_id, want[row].top1_id) << row;
    }
  });
}

// Equal weight rows are equal logits, wherever in a tile they lie; products that round, no
// reference needed.
TEST_F(VocabSweepTest, EqualWeightsTie) {
  const int64_t vocab = 1021, width = 67;
  TestMatrix matrix(vocab, width, Gaussian(vocab * width, 1, 9));
  const std::vector<int32_t> equal = {0, 1, 17, 255, 256, 511, 640, 1019, 1020};
  for (const int32_t v : equal) {
    std::copy_n(matrix.data().begin() + 17 * width, width, matrix.data().begin() + v * width);
  }
  std::vector<float> hidden;
  const std::vector<float> one = Gaussian(width, 0.5f, 10);
  for (size_t i = 0; i < equal.size(); ++i) hidden.insert(hidden.end(), one.begin(), one.end());
  ForEachLevel([&](const std::string&) {
    const auto stats = RunSweep(*NewVocabSweep(matrix), hidden, equal);
    for (const TokenStats& s : stats) {
      EXPECT_EQ(s.ties, 8);
      EXPECT_TRUE(SameBits(s, stats[0]));
    }
  });
}

TEST_F(VocabSweepTest, LowestIdIsTheTopOfATie) {
  std::vector<float> logits(600, 0.0f);
  for (const int v : {300, 599, 301}) logits[v] = 2;
  const TestMatrix matrix(600, 1, logits);
  ForEachLevel([&](const std::string&) {
    const auto stats = RunSweep(*NewVocabSweep(matrix), {1, 1}, {599, 5});
    EXPECT_EQ(stats[0].top1_id, 300);
    EXPECT_EQ(stats[0].rank, 1);
    EXPECT_EQ(stats[0].ties, 2);
    EXPECT_EQ(stats[1].rank, 4);
    EXPECT_EQ(stats[1].ties, 596);
  });
}

TEST_F(VocabSweepTest, BrokenLogitsNameTheRow) {
  ForEachLevel([](const std::string&) {
    const int64_t vocab = 700, width = 33;
    for (const float broken : {std::nanf(""), INFINITY, -INFINITY}) {
      for (const bool capped : {false, true}) {
        std::vector<float> hidden = HiddenGrid(40 * width, 11);
        hidden[35 * width + 4] = broken;
        const TestMatrix matrix(vocab, width, Gaussian(vocab * width, 1, 12));
        const LogitTransform transform{.soft_cap = capped ? 30.0f : 0.0f};
        try {
          RunSweep(*NewVocabSweep(matrix, transform), hidden, Targets(40, vocab, 13));
          ADD_FAILURE() << "no error for " << broken;
        } catch (const SweepError& error) {
          EXPECT_EQ(error.row(), 35u);
        }
      }
      for (const int64_t v : {0, 299, 699}) {  // one weight: every row has one broken logit
        TestMatrix matrix(vocab, width, Gaussian(vocab * width, 1, 12));
        matrix.data()[v * width + 3] = broken;
        const std::vector<float> hidden(2 * width, 0.5f);
        EXPECT_THROW(RunSweep(*NewVocabSweep(matrix), hidden, {299, 4}), Error)
            << broken << " at " << v;
      }
    }
  });
}

TEST(VocabSweepInput, TargetsOutsideTheVocabulary) {
  const TestMatrix matrix(10, 2, WeightGrid(20, 1));
  for (const auto& make : {NewVocabSweep, NewReferenceVocabSweep}) {
    const auto sweep = make(matrix, {});
    EXPECT_THROW(RunSweep(*sweep, {1, 1}, {10}), Error);
    EXPECT_THROW(RunSweep(*sweep, {1, 1}, {-1}), Error);
    EXPECT_THROW(make(TestMatrix(0, 2, {}), {}), Error);
    EXPECT_THROW(make(TestMatrix(2, 0, {}), {}), Error);
  }
}

}  // namespace
}  // namespace rsr
