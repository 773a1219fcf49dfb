#include "kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rsr {
namespace {

class ReferenceAttention : public Attention {
 public:
  explicit ReferenceAttention(const AttentionShape& shape) : shape_(shape) {}

  int64_t KeptWords(int64_t positions) const override { return positions * shape_.head_width; }

  void Keep(const float* keys, const float* values, int64_t position,
            const KeysAndValues& kept) override {
    const int64_t width = shape_.head_width;
    for (int64_t head = 0; head < shape_.kv_heads; ++head) {
      const int64_t to = head * kept.head_stride + position * width;
      std::copy_n(keys + head * width, width, static_cast<float*>(kept.keys) + to);
      std::copy_n(values + head * width, width, static_cast<float*>(kept.values) + to);
    }
  }

  void Run(const float* q, int64_t first, int64_t count, const KeysAndValues& kept,
           float* out) override {
    const int64_t width = shape_.head_width;
    for (int64_t query = 0; query < count; ++query) {
      for (int64_t head = 0; head < shape_.heads; ++head) {
        const int64_t at = (query * shape_.heads + head) * width;
        const int64_t kv = head / (shape_.heads / shape_.kv_heads) * kept.head_stride;
        One(q + at, first + query, static_cast<const float*>(kept.keys) + kv,
            static_cast<const float*>(kept.values) + kv, out + at);
      }
    }
  }

 private:
  void One(const float* q, int64_t position, const float* keys, const float* values,
           float* out) const {
    const int64_t width = shape_.head_width;
    const int64_t begin =
        shape_.window > 0 ? std::max<int64_t>(0, position - shape_.window + 1) : 0;
    std::vector<double> scores;
    for (int64_t key = begin; key <= position; ++key) {
      double score = 0;
      for (int64_t i = 0; i < width; ++i)
        score += static_cast<double>(q[i]) * keys[key * width + i];
      score *= shape_.scale;
      if (shape_.soft_cap > 0) score = shape_.soft_cap * std::tanh(score / shape_.soft_cap);
      scores.push_back(score);
    }
    const double most = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (double& score : scores) sum += score = std::exp(score - most);
    for (int64_t i = 0; i < width; ++i) {
      double value = 0;
      for (size_t k = 0; k < scores.size(); ++k) {
        value += scores[k] * values[(begin + static_cast<int64_t>(k)) * width + i];
      }
      out[i] = static_cast<float>(value / sum);
    }
  }

  const AttentionShape shape_;
};

}  // namespace

std::unique_ptr<Attention> NewReferenceAttention(const AttentionShape& shape) {
  return std::make_unique<ReferenceAttention>(shape);
}

}  // namespace rsr
