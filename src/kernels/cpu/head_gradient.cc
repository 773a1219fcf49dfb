#include "kernels/head_gradient.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "hwy/aligned_allocator.h"
#include "kernels/cpu/cpu_level.h"
#include "kernels/gradient_sketch.h"
#include "kernels/matmul.h"
#include "kernels/sweep_input.h"
#include "rsr/error.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/head_gradient.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "hwy/contrib/math/math-inl.h"
#include "kernels/cpu/exp-inl.h"
#include "kernels/cpu/panel_product-inl.h"

// What is the same for every instruction set; the include guard keeps it to the first.
#ifndef RSR_KERNELS_CPU_HEAD_GRADIENT_CC_
#define RSR_KERNELS_CPU_HEAD_GRADIENT_CC_
namespace rsr {

// Rows of W that pass together: they, their gradient and their product with a block take 0.6 MB at
// width 576, in the second-level cache.
inline constexpr int64_t kGradientTile = 128;
// Hidden rows of one product, a SIMD lane each.
inline constexpr int64_t kGradientBlock = PackedMatrix::kPanel;

// A tile of W against a block of hidden rows.
struct GradientStep {
  const float* weights;         // [count, width]
  const float* weight_panels;   // the same, [panels of width][kGradientTile][64]
  const float* hidden;          // [rows, width]
  const float* hidden_columns;  // the same, [width][64]
  const float* log_total_high;  // [64]: ln of the sum of exponentials, in two parts
  const float* log_total_low;
  const float* bias;      // of the tile, or null
  const float* known;     // [64] d of the row's target in this tile; read where target >= 0
  const int32_t* target;  // [64] index in the tile, or -1
  int64_t count, rows, width;
  float scale, soft_cap;
  bool first_tile, first_block;
  float* logits;           // scratch [kGradientTile, 64]
  float* block;            // scratch [64, 64]
  float* weight_gradient;  // [panels][kGradientTile][64], summed over blocks
  float* hidden_gradient;  // [panels][hidden_stride][64], summed over tiles; of this block
  int64_t hidden_stride;
};

}  // namespace rsr
#endif

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {

// logits -> d, in place.
void ToGradient(const GradientStep& s) {
  const Floats df;
  const Exp<Floats> exp(hn::Zero(df));
  const bool plain = s.scale == 1 && s.soft_cap == 0 && !s.bias;
  const Vector scale = hn::Set(df, s.scale), cap = hn::Set(df, s.soft_cap);
  for (int64_t v = 0; v < s.count; ++v) {
    const Vector bias = hn::Set(df, s.bias ? s.bias[v] : 0.0f);
    for (int64_t k = 0; k < kPanel; k += kLanes) {
      float* at = s.logits + v * kPanel + k;
      Vector l = hn::Load(df, at), slope = scale;
      if (!plain) {
        l = hn::MulAdd(l, scale, bias);
        if (s.soft_cap > 0) {
          const Vector t = hn::CallTanh(df, hn::Div(l, cap));
          l = hn::Mul(cap, t);
          slope = hn::Mul(scale, hn::NegMulAdd(t, t, hn::Set(df, 1.0f)));
        }
      }
      l = hn::Sub(hn::Sub(l, hn::LoadU(df, s.log_total_high + k)),
                  hn::LoadU(df, s.log_total_low + k));
      hn::Store(hn::Mul(exp(l), slope), df, at);
    }
  }
  for (int64_t k = 0; k < s.rows; ++k) {
    if (s.target[k] >= 0) s.logits[s.target[k] * kPanel + k] = s.known[k];
  }
}

// Columns [first, first + 64) of `rows` rows; 0 behind the width.
void CopyColumns(const float* from, int64_t rows, int64_t width, int64_t first, float* to) {
  const int64_t count = std::min(kPanel, width - first);
  for (int64_t row = 0; row < rows; ++row, to += kPanel) {
    std::copy_n(from + row * width + first, count, to);
    std::fill(to + count, to + kPanel, 0.0f);
  }
}

void AddGradients(const GradientStep& s) {
  // Steps of depth that the columns' share of the first-level cache holds (kernels/cpu/matmul.cc).
  constexpr int64_t kBlockDepth = 768;
  for (int64_t j = 0; j < s.width; j += kBlockDepth) {
    PanelProduct<Float32>({s.weights + j, s.width, 1}, s.count, s.hidden_columns + j * kPanel,
                          std::min(kBlockDepth, s.width - j), j > 0, s.logits);
  }
  ToGradient(s);
  for (int64_t first = 0, panel = 0; first < s.width; first += kPanel, ++panel) {
    CopyColumns(s.hidden, s.rows, s.width, first, s.block);
    const int64_t tile = panel * kGradientTile * kPanel;
    PanelProduct<Float32>({s.logits, kPanel, 1}, s.count, s.block, s.rows, !s.first_block,
                          s.weight_gradient + tile);
    PanelProduct<Float32>({s.logits, 1, kPanel}, s.rows, s.weight_panels + tile, s.count,
                          !s.first_tile, s.hidden_gradient + panel * s.hidden_stride * kPanel);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rsr {
namespace {

HWY_EXPORT(AddGradients);
HWY_EXPORT(CopyColumns);

using Memory = hwy::AlignedFreeUniquePtr<float[]>;

Memory Allocate(int64_t floats) {
  Memory memory = hwy::AllocateAligned<float>(static_cast<size_t>(floats));
  if (!memory) throw std::bad_alloc();
  return memory;
}

double SumOfSquares(const float* values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  return sum;
}

class CpuHeadGradients : public HeadGradients {
 public:
  CpuHeadGradients(const OutputMatrix& matrix, const HeadGradientOptions& options)
      : matrix_(matrix),
        transform_(options.transform),
        width_(matrix.width()),
        panels_((width_ + kGradientBlock - 1) / kGradientBlock),
        sweep_(NewVocabSweep(matrix, transform_)),
        sketch_(options.sketch_size, options.seed),
        weights_(Allocate(kGradientTile * width_)),
        weight_panels_(Allocate(kGradientTile * panels_ * kGradientBlock)),
        weight_gradient_(Allocate(kGradientTile * panels_ * kGradientBlock)),
        logits_(Allocate(kGradientTile * kGradientBlock)),
        block_(Allocate(kGradientBlock * kGradientBlock)) {}

  HeadGradient Run(const float* hidden, std::span<const int32_t> targets) override {
    sketch_.Clear();
    HeadGradient out;
    if (!targets.empty()) {
      Prepare(hidden, targets);
      double squares = 0;
      for (int64_t first = 0; first < matrix_.vocab(); first += kGradientTile) {
        const int64_t count = std::min(kGradientTile, matrix_.vocab() - first);
        RunTile(hidden, targets, first, count);
        squares += TakeTile(first, count);
      }
      const auto rows = static_cast<double>(targets.size());
      out.weight_norm = std::sqrt(squares) / rows;
      out.hidden_norm = SumOfHiddenNorms() / rows;
      for (const double sum : sketch_.sums()) out.sketch.push_back(static_cast<float>(sum / rows));
    } else {
      out.sketch.resize(sketch_.sums().size());
    }
    return out;
  }

 private:
  void Prepare(const float* hidden, std::span<const int32_t> targets) {
    rows_ = static_cast<int64_t>(targets.size());
    stats_.resize(targets.size());
    sweep_->Run(hidden, targets, stats_.data());
    const int64_t padded = (rows_ + kGradientBlock - 1) / kGradientBlock * kGradientBlock;
    // Rows that are not there: p is 0.
    high_.assign(padded, 1e30f);
    low_.assign(padded, 0);
    known_.resize(padded);
    for (int64_t k = 0; k < rows_; ++k) {
      double slope;
      const double logit = TargetLogit(hidden + k * width_, targets[k], &slope);
      const double log_total = stats_[k].surprisal + logit;
      high_[k] = static_cast<float>(log_total);
      low_[k] = static_cast<float>(log_total - high_[k]);
      known_[k] = static_cast<float>(std::expm1(-stats_[k].surprisal) * slope);  // p - 1
    }
    if (packed_.columns() < rows_ || packed_.columns() > 2 * rows_) {
      packed_ = PackedMatrix();  // the old one goes first
      packed_ = PackedMatrix(rows_, width_);
      hidden_gradient_ = Memory();
      hidden_gradient_ = Allocate(padded * panels_ * kGradientBlock);
    }
    packed_.Pack(0, rows_, hidden);
  }

  double TargetLogit(const float* h, int32_t target, double* slope) {
    matrix_.ReadRows(target, 1, weights_.get());
    double l = 0;
    for (int64_t j = 0; j < width_; ++j) l += static_cast<double>(weights_[j]) * h[j];
    l = l * transform_.scale + (transform_.bias ? transform_.bias[target] : 0);
    *slope = transform_.scale;
    if (const double cap = transform_.soft_cap; cap > 0) {
      const double tanh = std::tanh(l / cap);
      *slope *= 1 - tanh * tanh;
      l = cap * tanh;
    }
    return l;
  }

  void RunTile(const float* hidden, std::span<const int32_t> targets, int64_t first,
               int64_t count) {
    const float* weights = weights_.get();
    if (const float* all = matrix_.resident()) {
      weights = all + first * width_;
    } else {
      matrix_.ReadRows(first, count, weights_.get());
    }
    for (int64_t panel = 0; panel < panels_; ++panel) {
      HWY_DYNAMIC_DISPATCH(CopyColumns)
      (weights, count, width_, panel * kGradientBlock,
       weight_panels_.get() + panel * kGradientTile * kGradientBlock);
    }
    for (int64_t k = 0; k < rows_; k += kGradientBlock) {
      int32_t target[kGradientBlock];
      const int64_t rows = std::min(kGradientBlock, rows_ - k);
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t at = targets[k + i] - first;
        target[i] = at >= 0 && at < count ? static_cast<int32_t>(at) : -1;
      }
      HWY_DYNAMIC_DISPATCH(AddGradients)
      ({.weights = weights,
        .weight_panels = weight_panels_.get(),
        .hidden = hidden + k * width_,
        .hidden_columns = packed_.panel(k / kGradientBlock),
        .log_total_high = high_.data() + k,
        .log_total_low = low_.data() + k,
        .bias = transform_.bias ? transform_.bias + first : nullptr,
        .known = known_.data() + k,
        .target = target,
        .count = count,
        .rows = rows,
        .width = width_,
        .scale = transform_.scale,
        .soft_cap = transform_.soft_cap,
        .first_tile = first == 0,
        .first_block = k == 0,
        .logits = logits_.get(),
        .block = block_.get(),
        .weight_gradient = weight_gradient_.get(),
        .hidden_gradient = hidden_gradient_.get() + k * kGradientBlock,
        .hidden_stride = rows_});
    }
  }

  // The tile's gradient into the sketch; the sum of its squares.
  double TakeTile(int64_t first, int64_t count) {
    double squares = 0;
    for (int64_t v = 0; v < count; ++v) {
      for (int64_t panel = 0; panel < panels_; ++panel) {
        const int64_t column = panel * kGradientBlock;
        const int64_t columns = std::min(kGradientBlock, width_ - column);
        const float* values = weight_gradient_.get() + (panel * kGradientTile + v) * kGradientBlock;
        squares += SumOfSquares(values, columns);
        sketch_.Add(first + v, column, values, columns);
      }
    }
    return squares;
  }

  double SumOfHiddenNorms() const {
    double sum = 0;
    for (int64_t k = 0; k < rows_; ++k) {
      double squares = 0;
      for (int64_t panel = 0; panel < panels_; ++panel) {
        squares += SumOfSquares(hidden_gradient_.get() + (panel * rows_ + k) * kGradientBlock,
                                std::min(kGradientBlock, width_ - panel * kGradientBlock));
      }
      sum += std::sqrt(squares);
    }
    return sum;
  }

  const OutputMatrix& matrix_;
  const LogitTransform transform_;
  const int64_t width_, panels_;  // panels of 64 columns
  const std::unique_ptr<VocabSweep> sweep_;
  GradientSketch sketch_;
  const Memory weights_, weight_panels_, weight_gradient_, logits_, block_;
  // Of the rows of a call.
  int64_t rows_ = 0;
  std::vector<TokenStats> stats_;
  std::vector<float> high_, low_;
  std::vector<float> known_;
  PackedMatrix packed_;  // hidden states as columns
  Memory hidden_gradient_;
};

}  // namespace

int64_t HeadGradientBytes(int64_t width, int64_t rows, int64_t sketch_size) {
  const auto up = [](int64_t n) {
    return (n + kGradientBlock - 1) / kGradientBlock * kGradientBlock;
  };
  const int64_t padded = up(rows), panels = up(width);
  const int64_t tiles = kGradientTile * (width + 2 * panels + kGradientBlock);
  const int64_t sweep = (256 + std::min<int64_t>(padded, 1024)) * width;  // kernels/vocab_sweep.h
  const int64_t a_row = int64_t{sizeof(TokenStats)} + 3 * int64_t{sizeof(float)};
  return (tiles + sweep + padded * (width + panels)) * int64_t{sizeof(float)} + padded * a_row +
         sketch_size * int64_t{sizeof(double)};
}

std::unique_ptr<HeadGradients> NewHeadGradients(const OutputMatrix& matrix,
                                                const HeadGradientOptions& options) {
  CheckMatrix(matrix);
  if (!ValidSketchSize(options.sketch_size)) {
    throw Error(
        fmt::format("a projection onto {} dimensions: expected a power of 2 from 4 to 32768",
                    options.sketch_size),
        "512 is a good number");
  }
  InitCpuLevel();
  return std::make_unique<CpuHeadGradients>(matrix, options);
}

}  // namespace rsr
#endif  // HWY_ONCE
