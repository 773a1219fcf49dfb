// Attention against its twin: lengths through every remainder, groups, windows, caps; bits that
// depend on the query alone.
#include "kernels/attention.h"

#include <cstring>
#include <limits>

#include "gmock/gmock.h"
#include "kernels/bf16.h"
#include "kernels/op_testing.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// Random queries, keys and values of one sequence.
struct Sequence {
  Sequence(const AttentionShape& shape, int64_t length, float spread = 1)
      : shape(shape),
        length(length),
        q(Gaussian(length * shape.heads * shape.head_width, spread, 1)),
        keys(Gaussian(length * shape.kv_heads * shape.head_width, 1, 2)),
        values(Gaussian(length * shape.kv_heads * shape.head_width, 1, 3)) {}

  int64_t row() const { return shape.heads * shape.head_width; }
  int64_t kv_row() const { return shape.kv_heads * shape.head_width; }
  // Queries [first, first + count); all by default.
  std::vector<float> Run(Attention& attention, int64_t first = 0, int64_t count = -1) const {
    if (count < 0) count = length;
    const int64_t words = attention.KeptWords(length);
    // Nothing may be read that was not kept.
    const float garbage = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> kept_keys(shape.kv_heads * words, garbage), kept_values = kept_keys;
    const KeysAndValues kept{kept_keys.data(), kept_values.data(), words};
    for (int64_t position = 0; position < first + count; ++position) {
      const int64_t at = position * kv_row();
      attention.Keep(keys.data() + at, values.data() + at, position, kept);
    }
    std::vector<float> out(q.begin() + first * row(), q.begin() + (first + count) * row());
    attention.Run(out.data(), first, count, kept, out.data());
    return out;
  }

  AttentionShape shape;
  int64_t length;
  std::vector<float> q, keys, values;  // [length, heads or kv_heads, head_width]
};

// Attention as one writes it first, all in float32 or with both products in bf16.
std::vector<float> Plain(const Sequence& s) {
  const AttentionShape& shape = s.shape;
  const auto factor = [&](float x) { return shape.bf16 ? FromBf16(ToBf16(x)) : x; };
  const int64_t width = shape.head_width;
  std::vector<float> out(s.length * s.row());
  for (int64_t query = 0; query < s.length; ++query) {
    for (int64_t head = 0; head < shape.heads; ++head) {
      const int64_t kv = head / (shape.heads / shape.kv_heads) * width;
      const float* q = s.q.data() + query * s.row() + head * width;
      const int64_t begin = shape.window > 0 ? std::max<int64_t>(0, query - shape.window + 1) : 0;
      std::vector<float> scores;
      for (int64_t key = begin; key <= query; ++key) {
        float score = 0;
        for (int64_t i = 0; i < width; ++i) {
          score += factor(shape.scale * q[i]) * factor(s.keys[kv + key * s.kv_row() + i]);
        }
        if (shape.soft_cap > 0) score = shape.soft_cap * std::tanh(score / shape.soft_cap);
        scores.push_back(score);
      }
      const float most = *std::max_element(scores.begin(), scores.end());
      float sum = 0;
      for (float& score : scores) sum += score = factor(std::exp(score - most));
      for (int64_t i = 0; i < width; ++i) {
        float value = 0;
        for (size_t k = 0; k < scores.size(); ++k) {
          value += scores[k] * factor(s.values[kv + (begin + int64_t(k)) * s.kv_row() + i]);
        }
        out[query * s.row() + head * width + i] = value / sum;
      }
    }
  }
  return out;
}

void CompareIn(const AttentionShape& shape, int64_t length, float spread) {
  const Sequence sequence(shape, length, spread);
  const std::vector<float> reference = sequence.Run(*NewReferenceAttention(shape));
  const std::vector<double> want(reference.begin(), reference.end());
  const std::vector<float> plain = Plain(sequence);
  ForEachLevel([&](const std::string&) {
    ExpectWithinTwicePlain(sequence.Run(*NewAttention(shape)), plain, want,
                           (shape.bf16 ? "bf16, length " : "length ") + std::to_string(length));
  });
}

void Compare(AttentionShape shape, int64_t length, float spread = 1) {
  for (const bool bf16 : {false, true}) {
    shape.bf16 = bf16;
    CompareIn(shape, length, spread);
  }
}

AttentionShape Shape(int64_t heads, int64_t kv_heads, int64_t head_width) {
  return {.heads = heads,
          .kv_heads = kv_heads,
          .head_width = head_width,
          .scale = 1 / std::sqrt(static_cast<float>(head_width))};
}

TEST(Attention, LengthsThroughEveryRemainder) {
  for (const int64_t length : {1, 2, 21, 22, 63, 64, 65, 127, 128, 129, 255, 300}) {
    if (!testing::Test::HasFailure()) Compare(Shape(3, 1, 16), length);
  }
}

TEST(Attention, GroupsAndWidths) {
  Compare(Shape(1, 1, 1), 70);
  Compare(Shape(4, 4, 8), 150);
  Compare(Shape(6, 2, 20), 150);
  Compare(Shape(14, 2, 64), 150);
  Compare(Shape(2, 1, 80), 140);
  Compare(Shape(2, 1, 256), 140);
}

TEST(Attention, SharpScores) {
  Compare(Shape(3, 1, 16), 200, 30);
  Compare(Shape(3, 1, 16), 200, 0);
}

TEST(Attention, SlidingWindows) {
  for (const int64_t window : {1, 2, 63, 64, 100, 128, 129, 300, 1000}) {
    AttentionShape shape = Shape(3, 1, 16);
    shape.window = window;
    if (!testing::Test::HasFailure()) Compare(shape, 420);
  }
}

TEST(Attention, SoftCap) {
  AttentionShape shape = Shape(2, 1, 16);
  shape.soft_cap = 5;
  Compare(shape, 200, 4);
}

// A piece, alone or among others, and keys that come after it: no trace.
TEST(Attention, BitsDependOnTheQueryAlone) {
  for (const auto& [window, bf16] : {std::pair{0, false}, {90, false}, {0, true}, {90, true}}) {
    AttentionShape shape = Shape(3, 1, 15);
    shape.window = window;
    shape.bf16 = bf16;
    const Sequence sequence(shape, 700);
    ForEachLevel([&](const std::string&) {
      const auto attention = NewAttention(shape);
      const std::vector<float> all = sequence.Run(*attention);
      for (int64_t first = 0; first < 700; first += 23) {
        const int64_t count = std::min<int64_t>(1 + first % 190, 700 - first);
        const std::vector<float> some = sequence.Run(*attention, first, count);
        ASSERT_EQ(std::memcmp(some.data(), all.data() + first * sequence.row(),
                              some.size() * sizeof(float)),
                  0)
            << count << " queries from " << first;
      }
    });
  }
}

// Whether the processor multiplies bf16 or not: the same bits.
TEST(Attention, Bf16IsTheSameWidened) {
  AttentionShape shape = Shape(3, 1, 16);
  shape.bf16 = true;
  const Sequence sequence(shape, 300);
  std::vector<std::vector<float>> all;
  ForEachLevel([&](const std::string& level) {
    if (level.starts_with("AVX")) all.push_back(sequence.Run(*NewAttention(shape)));
  });
  for (const auto& one : all) {
    EXPECT_EQ(std::memcmp(one.data(), all[0].data(), one.size() * sizeof(float)), 0);
  }
}

TEST(Attention, RefusesHeadsThatDoNotDivide) {
  EXPECT_THROW(NewAttention(Shape(7, 2, 16)), Error);
  EXPECT_THROW(NewAttention(Shape(7, 0, 16)), Error);
}

}  // namespace
}  // namespace rsr
