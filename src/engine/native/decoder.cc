#include "engine/native/decoder.h"

#include <algorithm>

#include "kernels/matmul.h"
#include "kernels/rms_norm.h"

namespace rsr {
namespace {

constexpr int64_t kBlockRows = 128;

AttentionShape ShapeOf(const NativeModel& model, int64_t window) {
  const DecoderConfig& config = model.config();
  return {.heads = config.heads,
          .kv_heads = config.kv_heads,
          .head_width = config.head_width,
          .scale = config.attention_scale,
          .window = window,
          .soft_cap = config.attention_soft_cap,
          .bf16 = model.type() == WeightType::kBf16};
}

// Norms as many values of the row at once as the norm has weights: a head's, or all.
void NormHeads(const std::vector<float>& norm, int64_t row_width, float epsilon, float* row) {
  if (norm.empty()) return;
  const auto width = static_cast<int64_t>(norm.size());
  RmsNorm(row, row_width / width, width, norm.data(), epsilon, row);
}

}  // namespace

Decoder::Decoder(const NativeModel& model)
    : model_(model),
      config_(model.config()),
      rope_(model.RopeOf(NativeModel::RopeKind::kUsual)),
      window_rope_(model.RopeOf(NativeModel::RopeKind::kWindowed)),
      long_rope_(model.RopeOf(NativeModel::RopeKind::kLong)),
      attention_(NewAttention(ShapeOf(model, 0))),
      window_attention_(NewAttention(ShapeOf(model, config_.window))),
      normed_(kBlockRows * config_.width),
      query_(kBlockRows * config_.heads * config_.head_width),
      key_value_(kBlockRows * 2 * config_.kv_heads * config_.head_width),
      gated_(kBlockRows * config_.feed_forward),
      added_(kBlockRows * config_.width) {
  model_.layers().AddWorker();
}

Decoder::~Decoder() { model_.layers().RemoveWorker(); }

std::span<const float> Decoder::Run(std::span<const std::span<const int32_t>> sequences) {
  Embed(sequences);
  Layers::Pass pass(model_.layers());
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    const NativeLayer& weights = pass.Next();
    const Positions positions = PositionsOf(layer);
    for (int64_t first = 0; first < tokens_; first += kBlockRows) {
      RunBlock(weights, positions, first, std::min(kBlockRows, tokens_ - first));
    }
  }
  return {residual_.data(), static_cast<size_t>(tokens_ * config_.width)};
}

void Decoder::Embed(std::span<const std::span<const int32_t>> sequences) {
  begins_ = kept_ = {0};
  size_t longest = 0;
  for (const auto& ids : sequences) {
    const auto length = static_cast<int64_t>(ids.size());
    begins_.push_back(begins_.back() + length);
    kept_.push_back(kept_.back() + attention_->KeptWords(length));
    longest = std::max(longest, ids.size());
  }
  tokens_ = begins_.back();
  rope_.Extend(static_cast<int64_t>(longest));
  if (config_.window > 0) window_rope_.Extend(static_cast<int64_t>(longest));
  if (IsLong(static_cast<int64_t>(longest))) long_rope_.Extend(static_cast<int64_t>(longest));
  residual_.Grow(tokens_ * config_.width);
  keys_.Grow(config_.kv_heads * kept_.back());
  values_.Grow(config_.kv_heads * kept_.back());
  float* row = residual_.data();
  for (const auto& ids : sequences) {
    model_.ReadEmbeddings(ids, row);
    row += static_cast<int64_t>(ids.size()) * config_.width;
  }
}

std::vector<Decoder::Piece> Decoder::PiecesOf(int64_t first, int64_t rows) const {
  std::vector<Piece> pieces;
  auto sequence = std::upper_bound(begins_.begin(), begins_.end(), first) - 1;
  for (int64_t row = 0; row < rows; ++sequence) {
    const int64_t count = std::min(*(sequence + 1) - first, rows) - row;
    const bool is_long = IsLong(*(sequence + 1) - *sequence);
    const int64_t kept = kept_[static_cast<size_t>(sequence - begins_.begin())];
    if (count > 0) pieces.push_back({row, count, first + row - *sequence, kept, is_long});
    row += count;
  }
  return pieces;
}

Decoder::Positions Decoder::PositionsOf(int64_t layer) const {
  const bool windowed = config_.Windowed(layer);
  Attention* attention = windowed ? window_attention_.get() : attention_.get();
  if (!config_.Rotated(layer)) return {nullptr, nullptr, attention};
  return {windowed ? &window_rope_ : &rope_, &long_rope_, attention};
}

void Decoder::RunBlock(const NativeLayer& layer, const Positions& positions, int64_t first,
                       int64_t rows) {
  float* residual = residual_.data() + first * config_.width;
  const float* attended =
      Attend(layer, positions, Normed(residual, rows, layer.attention_norm), first, rows);
  AddToResidual(attended, rows, layer.attention_output, layer.attention_post_norm, residual);
  GatedMatMul(Normed(residual, rows, layer.feed_forward_norm), rows, layer.gate.weights,
              layer.up.weights, gated_.data(),
              {.activation = config_.gelu ? Activation::kGeluTanh : Activation::kSilu,
               .gate_bias = layer.gate.bias_or_null(),
               .up_bias = layer.up.bias_or_null()});
  AddToResidual(gated_.data(), rows, layer.down, layer.feed_forward_post_norm, residual);
}

const float* Decoder::Normed(const float* x, int64_t rows, const std::vector<float>& norm) {
  if (norm.empty()) return x;
  RmsNorm(x, rows, config_.width, norm.data(), config_.norm_epsilon, normed_.data());
  return normed_.data();
}

// residual += residual_scale * norm(linear(x)).
void Decoder::AddToResidual(const float* x, int64_t rows, const Linear& linear,
                            const std::vector<float>& norm, float* residual) {
  if (norm.empty()) {
    MatMul(x, rows, linear.weights, residual,
           {.bias = linear.bias_or_null(), .scale = config_.residual_scale, .add = true});
    return;
  }
  MatMul(x, rows, linear.weights, added_.data(), {.bias = linear.bias_or_null()});
  RmsNorm(added_.data(), rows, config_.width, norm.data(), config_.norm_epsilon, residual,
          /*add=*/true);
}

// x [rows, width] -> attended values [rows, heads, head_width], in the place of the queries.
const float* Decoder::Attend(const NativeLayer& layer, const Positions& positions, const float* x,
                             int64_t first, int64_t rows) {
  MatMul(x, rows, layer.query.weights, query_.data(), {.bias = layer.query.bias_or_null()});
  MatMul(x, rows, layer.key_value.weights, key_value_.data(),
         {.bias = layer.key_value.bias_or_null()});
  const int64_t query_width = config_.heads * config_.head_width;
  for (const Piece& piece : PiecesOf(first, rows)) {
    const RopeTable* rope = piece.is_long ? positions.long_rope : positions.rope;
    PrepareQueries(layer, rope, piece);
    const KeysAndValues kept{keys_.data() + piece.kept, values_.data() + piece.kept, kept_.back()};
    KeepKeysAndValues(layer, rope, piece, positions.attention, kept);
    float* query = query_.data() + piece.row * query_width;
    positions.attention->Run(query, piece.position, piece.count, kept, query);
  }
  return query_.data();
}

void Decoder::PrepareQueries(const NativeLayer& layer, const RopeTable* rope, const Piece& piece) {
  const int64_t query_width = config_.heads * config_.head_width;
  for (int64_t i = 0; i < piece.count; ++i) {
    float* row = query_.data() + (piece.row + i) * query_width;
    NormHeads(layer.query_norm, query_width, config_.norm_epsilon, row);
    if (rope) ApplyRope(*rope, piece.position + i, config_.heads, config_.head_width, row);
  }
}

void Decoder::KeepKeysAndValues(const NativeLayer& layer, const RopeTable* rope, const Piece& piece,
                                Attention* attention, const KeysAndValues& kept) {
  const int64_t kv_width = config_.kv_heads * config_.head_width;
  for (int64_t i = 0; i < piece.count; ++i) {
    float* row = key_value_.data() + (piece.row + i) * 2 * kv_width;
    NormHeads(layer.key_norm, kv_width, config_.norm_epsilon, row);
    if (rope) ApplyRope(*rope, piece.position + i, config_.kv_heads, config_.head_width, row);
    attention->Keep(row, row + kv_width, piece.position + i, kept);
  }
}

}  // namespace rsr
