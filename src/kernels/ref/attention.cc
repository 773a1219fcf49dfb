#include "kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rsr {
namespace {

class ReferenceAttention : public Attention {
 public:
  explicit ReferenceAttention(const AttentionShape& shape) : shape_(shape) {}

  void Run(const float* q, int64_t first, int64_t count, const KeysAndValues& sequence,
           float* out) override {
    const int64_t width = shape_.head_width;
    for (int64_t query = 0; query < count; ++query) {
      for (int64_t head = 0; head < shape_.heads; ++head) {
        const int64_t at = (query * shape_.heads + head) * width;
        const int64_t kv = head / (shape_.heads / shape_.kv_heads) * sequence.head_stride;
        One(q + at, first + query, sequence.keys + kv, sequence.values + kv, out + at);
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
