#include "engine/native/decoder.h"

#include <algorithm>
#include <cmath>

#include "kernels/matmul.h"
#include "kernels/rms_norm.h"

namespace rsr {
namespace {

constexpr int64_t kBlockRows = 128;

AttentionShape ShapeOf(const DecoderConfig& config) {
  return {.heads = config.heads,
          .kv_heads = config.kv_heads,
          .head_width = config.head_width,
          .scale = 1 / std::sqrt(static_cast<float>(config.head_width))};
}

void Grow(std::vector<float>* memory, int64_t floats) {
  if (static_cast<int64_t>(memory->size()) < floats) memory->resize(static_cast<size_t>(floats));
}

void AddProduct(const std::vector<float>& x, int64_t rows, const Linear& linear, float* residual) {
  MatMul(x.data(), rows, linear.weights, residual, {.bias = linear.bias_or_null(), .add = true});
}

}  // namespace

Decoder::Decoder(const NativeModel& model)
    : model_(model),
      config_(model.config()),
      rope_(model.rope_frequencies()),
      attention_(NewAttention(ShapeOf(config_))),
      normed_(kBlockRows * config_.width),
      query_(kBlockRows * config_.heads * config_.head_width),
      key_value_(kBlockRows * 2 * config_.kv_heads * config_.head_width),
      attended_(query_.size()),
      gated_(kBlockRows * config_.feed_forward) {}

std::span<const float> Decoder::Run(std::span<const std::span<const int32_t>> sequences) {
  Embed(sequences);
  for (const NativeLayer& layer : model_.layers()) {
    for (int64_t first = 0; first < tokens_; first += kBlockRows) {
      RunBlock(layer, first, std::min(kBlockRows, tokens_ - first));
    }
  }
  return {residual_.data(), static_cast<size_t>(tokens_ * config_.width)};
}

void Decoder::Embed(std::span<const std::span<const int32_t>> sequences) {
  begins_ = {0};
  size_t longest = 0;
  for (const auto& ids : sequences) {
    begins_.push_back(begins_.back() + static_cast<int64_t>(ids.size()));
    longest = std::max(longest, ids.size());
  }
  tokens_ = begins_.back();
  rope_.Extend(static_cast<int64_t>(longest));
  Grow(&residual_, tokens_ * config_.width);
  Grow(&keys_, tokens_ * config_.kv_heads * config_.head_width);
  Grow(&values_, tokens_ * config_.kv_heads * config_.head_width);
  float* row = residual_.data();
  for (const auto& ids : sequences) {
    for (const int32_t id : ids) {
      model_.ReadEmbedding(id, row);
      row += config_.width;
    }
  }
}

std::vector<Decoder::Piece> Decoder::PiecesOf(int64_t first, int64_t rows) const {
  std::vector<Piece> pieces;
  auto sequence = std::upper_bound(begins_.begin(), begins_.end(), first) - 1;
  for (int64_t row = 0; row < rows; ++sequence) {
    const int64_t count = std::min(*(sequence + 1) - first, rows) - row;
    if (count > 0) pieces.push_back({row, count, first + row - *sequence, *sequence});
    row += count;
  }
  return pieces;
}

void Decoder::RunBlock(const NativeLayer& layer, int64_t first, int64_t rows) {
  float* residual = residual_.data() + first * config_.width;
  RmsNorm(residual, rows, config_.width, layer.attention_norm.data(), config_.norm_epsilon,
          normed_.data());
  Attend(layer, first, rows);
  AddProduct(attended_, rows, layer.attention_output, residual);
  RmsNorm(residual, rows, config_.width, layer.feed_forward_norm.data(), config_.norm_epsilon,
          normed_.data());
  GatedMatMul(normed_.data(), rows, layer.gate.weights, layer.up.weights, gated_.data(),
              {.activation = Activation::kSilu,
               .gate_bias = layer.gate.bias_or_null(),
               .up_bias = layer.up.bias_or_null()});
  AddProduct(gated_, rows, layer.down, residual);
}

// normed_ -> attended_.
void Decoder::Attend(const NativeLayer& layer, int64_t first, int64_t rows) {
  MatMul(normed_.data(), rows, layer.query.weights, query_.data(),
         {.bias = layer.query.bias_or_null()});
  MatMul(normed_.data(), rows, layer.key_value.weights, key_value_.data(),
         {.bias = layer.key_value.bias_or_null()});
  const int64_t query_width = config_.heads * config_.head_width;
  for (const Piece& piece : PiecesOf(first, rows)) {
    float* queries = query_.data() + piece.row * query_width;
    for (int64_t i = 0; i < piece.count; ++i) {
      ApplyRope(rope_, piece.position + i, config_.heads, config_.head_width,
                queries + i * query_width);
    }
    KeepKeysAndValues(piece, first);
    const int64_t at = piece.begin * config_.head_width;
    attention_->Run(queries, piece.position, piece.count,
                    {keys_.data() + at, values_.data() + at, tokens_ * config_.head_width},
                    attended_.data() + piece.row * query_width);
  }
}

void Decoder::KeepKeysAndValues(const Piece& piece, int64_t first) {
  const int64_t head_width = config_.head_width, kv_width = config_.kv_heads * head_width;
  for (int64_t i = 0; i < piece.count; ++i) {
    float* row = key_value_.data() + (piece.row + i) * 2 * kv_width;
    ApplyRope(rope_, piece.position + i, config_.kv_heads, head_width, row);
    for (int64_t head = 0; head < config_.kv_heads; ++head) {
      const int64_t to = (head * tokens_ + first + piece.row + i) * head_width;
      std::copy_n(row + head * head_width, head_width, keys_.data() + to);
      std::copy_n(row + kv_width + head * head_width, head_width, values_.data() + to);
    }
  }
}

}  // namespace rsr
