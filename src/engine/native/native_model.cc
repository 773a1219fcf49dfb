#include "engine/native/native_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace rsr {
namespace {

constexpr const char* kEmbedding = "token_embd.weight";
constexpr const char* kOutput = "output.weight";

// Where a row of the file goes: its index in the packed matrix.
using RowOrder = std::function<int64_t(int64_t row)>;

class LayerReader {
 public:
  LayerReader(const Weights& weights, const DecoderConfig& config, WeightType type, int64_t layer)
      : weights_(weights), config_(config), type_(type), prefix_(fmt::format("blk.{}.", layer)) {}

  NativeLayer Read() const {
    const int64_t width = config_.width, feed_forward = config_.feed_forward;
    const int64_t q = config_.heads * config_.head_width,
                  kv = config_.kv_heads * config_.head_width;
    NativeLayer layer;
    if (config_.norm_before) {
      layer.attention_norm = Vector("attn_norm.weight", width);
      layer.feed_forward_norm = Vector("ffn_norm.weight", width);
    }
    if (config_.norm_after) {
      layer.attention_post_norm = Vector("post_attention_norm.weight", width);
      layer.feed_forward_post_norm = Vector("post_ffw_norm.weight", width);
    }
    if (config_.query_key_norm != QueryKeyNorm::kNone) {
      const bool row = config_.query_key_norm == QueryKeyNorm::kRow;
      layer.query_norm = Vector("attn_q_norm.weight", row ? q : config_.head_width);
      layer.key_norm = Vector("attn_k_norm.weight", row ? kv : config_.head_width);
    }
    layer.query = Join({{"attn_q", q, RopeOrder()}}, width);
    layer.key_value = Join({{"attn_k", kv, RopeOrder()}, {"attn_v", kv, {}}}, width);
    layer.attention_output = Join({{"attn_output", width, {}}}, q);
    layer.gate = Join({{"ffn_gate", feed_forward, {}}}, width);
    layer.up = Join({{"ffn_up", feed_forward, {}}}, width);
    layer.down = Join({{"ffn_down", width, {}}}, feed_forward);
    return layer;
  }

 private:
  struct Part {
    std::string name;  // of its tensors, without ".weight" and ".bias"
    int64_t rows;
    RowOrder order;  // empty: as they lie

    int64_t Place(int64_t row) const { return order ? order(row) : row; }
  };

  std::vector<float> Vector(const char* name, int64_t size) const {
    return weights_.ReadVector(prefix_ + name, size);
  }

  // The parts one below the other; where only some have a bias, the others' is 0.
  Linear Join(const std::vector<Part>& parts, int64_t depth) const {
    int64_t rows = 0;
    bool biased = false;
    for (const Part& part : parts) {
      rows += part.rows;
      biased = biased || weights_.Has(prefix_ + part.name + ".bias");
    }
    Linear linear{PackedMatrix(rows, depth, type_), std::vector<float>(biased ? rows : 0)};
    int64_t first = 0;
    for (const Part& part : parts) {
      Pack(part, depth, first, &linear.weights);
      if (const std::string name = prefix_ + part.name + ".bias"; weights_.Has(name)) {
        const std::vector<float> bias = weights_.ReadVector(name, part.rows);
        for (int64_t row = 0; row < part.rows; ++row) {
          linear.bias[first + part.Place(row)] = bias[row];
        }
      }
      first += part.rows;
    }
    return linear;
  }

  // The part's rows become columns `first` + Place(row) of the packed matrix.
  void Pack(const Part& part, int64_t depth, int64_t first, PackedMatrix* packed) const {
    constexpr int64_t kRowsAtOnce = 64;
    const std::string name = prefix_ + part.name + ".weight";
    std::vector<float> values(static_cast<size_t>(std::min(part.rows, kRowsAtOnce) * depth));
    for (int64_t row = 0; row < part.rows; row += kRowsAtOnce) {
      const int64_t count = std::min(kRowsAtOnce, part.rows - row);
      weights_.ReadRows(name, part.rows, depth, row, count, values.data());
      for (int64_t i = 0; i < count; ++i) {
        packed->Pack(first + part.Place(row + i), 1, values.data() + i * depth);
      }
    }
  }

  // Pairs that lie side by side go half the rotated width apart, as kernels/rope.h has them;
  // queries and keys alike, so that their products stay what they are.
  RowOrder RopeOrder() const {
    if (!config_.rope_side_by_side) return {};
    return [head_width = config_.head_width, turned = config_.rope_width](int64_t row) {
      const int64_t i = row % head_width;
      return i < turned ? row - i + i / 2 + i % 2 * (turned / 2) : row;
    };
  }

  const Weights& weights_;
  const DecoderConfig& config_;
  const WeightType type_;
  const std::string prefix_;
};

}  // namespace

NativeOutputMatrix::NativeOutputMatrix(const Weights& weights, const std::string& name,
                                       int64_t vocab, int64_t width, bool resident)
    : weights_(weights), name_(name), vocab_(vocab), width_(width) {
  if (!resident) return;
  data_ = weights.Resident(name, vocab, width);
  if (data_ != nullptr) {
    weights.CheckFinite(name, vocab, width);
    return;
  }
  unpacked_.resize(static_cast<size_t>(vocab * width));
  weights.ReadRows(name, vocab, width, 0, vocab, unpacked_.data());
  data_ = unpacked_.data();
}

void NativeOutputMatrix::ReadRows(int64_t first, int64_t count, float* out) const {
  if (data_ != nullptr) {
    std::copy_n(data_ + first * width_, count * width_, out);
  } else {
    weights_.ReadRows(name_, vocab_, width_, first, count, out);
  }
}

NativeModel::NativeModel(const StudentInfo& student, const DecoderConfig& config, WeightType type,
                         bool resident)
    : config_(config), type_(type), weights_(student, DecoderTensors(student, config)) {
  const bool own = weights_.Has(kOutput);
  weights_.CheckFinite(kEmbedding, config_.vocab, config_.width);
  output_ = std::make_unique<NativeOutputMatrix>(weights_, own ? kOutput : kEmbedding,
                                                 config_.vocab, config_.width, resident);
  if (!own) embeddings_ = output_->resident();
  output_norm_ = weights_.ReadVector("output_norm.weight", config_.width);
  layers_ = std::make_unique<Layers>(config_.layers, resident, [this](int64_t layer) {
    return LayerReader(weights_, config_, type_, layer).Read();
  });
}

RopeTable NativeModel::RopeOf(RopeKind kind) const {
  const bool windowed = kind == RopeKind::kWindowed, is_long = kind == RopeKind::kLong;
  std::vector<float> factors = is_long ? config_.rope_long_factors : config_.rope_factors;
  if (factors.empty()) {
    const char* tensor = config_.rope_long_beyond == 0 ? "rope_freqs.weight"
                         : is_long                     ? "rope_factors_long.weight"
                                                       : "rope_factors_short.weight";
    factors.assign(static_cast<size_t>(config_.rope_width / 2), 1);
    if (weights_.Has(tensor)) factors = weights_.ReadVector(tensor, config_.rope_width / 2);
  }
  const float base = windowed ? config_.window_rope_base : config_.rope_base;
  std::vector<float> frequencies = RopeFrequencies(config_.rope_width, base, factors);
  for (float& f : frequencies) f /= windowed ? config_.window_rope_factor : config_.rope_factor;
  return RopeTable(std::move(frequencies), config_.rope_scale);
}

void NativeModel::ReadEmbeddings(std::span<const int32_t> ids, float* out) const {
  const auto values = static_cast<int64_t>(ids.size()) * config_.width;
  if (embeddings_ == nullptr) {
    weights_.ReadRows(kEmbedding, config_.vocab, config_.width, ids, out);
  } else {
    for (size_t i = 0; i < ids.size(); ++i) {
      std::copy_n(embeddings_ + ids[i] * config_.width, config_.width,
                  out + static_cast<int64_t>(i) * config_.width);
    }
  }
  if (config_.embedding_scale == 1) return;
  for (int64_t i = 0; i < values; ++i) out[i] *= config_.embedding_scale;
}

}  // namespace rsr
