#include "kernels/matmul.h"

#include <algorithm>
#include <new>

#include "kernels/cpu/cpu_level.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/matmul.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "kernels/cpu/exp-inl.h"
#include "kernels/cpu/panel_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {

// Rows that pass one panel: 128 rows of 576 values (SmolLM2-135M) take 0.3 MB of the second-level
// cache and their share of a panel's product 32 KB.
constexpr int64_t kBlockRows = 128;
// Steps of a panel that are used by all rows before the next: 196 KB, in the second-level cache.
constexpr int64_t kBlockDepth = 768;

// out [rows, kPanel] = x [rows, depth] * one panel.
void BlockProduct(const float* x, int64_t rows, const PackedMatrix& weights, int64_t panel,
                  float* out) {
  const int64_t depth = weights.depth();
  for (int64_t k = 0; k < depth; k += kBlockDepth) {
    PanelProduct({x + k, depth, 1}, rows, weights.panel(panel) + k * kPanel,
                 std::min(kBlockDepth, depth - k), k > 0, out);
  }
}

void Finish(const float* product, int64_t rows, int64_t columns, const MatMulOptions& options,
            const float* bias, float* y, int64_t stride) {
  for (int64_t row = 0; row < rows; ++row, product += kPanel, y += stride) {
    ForEachVector(columns, [&](auto d, int64_t i) HWY_ATTR {
      auto value = hn::LoadU(d, product + i);
      if (bias) value = hn::Add(value, hn::LoadU(d, bias + i));
      if (options.scale != 1) value = hn::Mul(value, hn::Set(d, options.scale));
      if (options.add) value = hn::Add(hn::LoadU(d, y + i), value);
      hn::StoreU(value, d, y + i);
    });
  }
}

void MatMul(const float* x, int64_t rows, const PackedMatrix& weights, float* y,
            const MatMulOptions& options) {
  HWY_ALIGN float product[kBlockRows * kPanel];
  const int64_t columns = weights.columns();
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, rows - first);
    for (int64_t panel = 0; panel < weights.panels(); ++panel) {
      BlockProduct(x + first * weights.depth(), count, weights, panel, product);
      const int64_t column = panel * kPanel;
      Finish(product, count, std::min(kPanel, columns - column), options,
             options.bias ? options.bias + column : nullptr, y + first * columns + column, columns);
    }
  }
}

// x times the logistic function of `slope`.
HWY_INLINE Vector TimesLogistic(Vector x, Vector slope) {
  const Floats df;
  const Exp<Floats> exp(hn::Zero(df));
  // Beyond 80 the quotient is below 1e-30 of x either way, and e^80 does not overflow.
  const Vector e = exp(hn::Min(hn::Neg(slope), hn::Set(df, 80.0f)));
  return hn::Div(x, hn::Add(hn::Set(df, 1.0f), e));
}

template <Activation kActivation>
HWY_INLINE Vector Activate(Vector x) {
  if constexpr (kActivation == Activation::kSilu) return TimesLogistic(x, x);
  // 0.5 (1 + tanh u) is the logistic function of 2 u, u = sqrt(2 / pi) (x + 0.044715 x^3).
  const Floats df;
  const Vector cubic = hn::MulAdd(hn::Mul(x, x), hn::Set(df, 0.044715f), hn::Set(df, 1.0f));
  return TimesLogistic(x, hn::Mul(hn::Mul(x, cubic), hn::Set(df, 1.5957691216f)));
}

// A panel's part of a bias; zeros where there is none.
void PanelBias(const float* bias, int64_t column, int64_t columns, float* out) {
  std::fill_n(out, kPanel, 0.0f);
  if (bias) std::copy_n(bias + column, std::min(kPanel, columns - column), out);
}

// up [rows, kPanel] = act(gate + gate_bias) * (up + up_bias).
template <Activation kActivation>
void Gate(const float* gate, const float* gate_bias, const float* up_bias, int64_t rows,
          float* up) {
  const Floats df;
  for (int64_t i = 0; i < rows * kPanel; i += kLanes) {
    const int64_t column = i % kPanel;
    const Vector g = hn::Add(hn::Load(df, gate + i), hn::Load(df, gate_bias + column));
    const Vector u = hn::Add(hn::Load(df, up + i), hn::Load(df, up_bias + column));
    hn::Store(hn::Mul(Activate<kActivation>(g), u), df, up + i);
  }
}

void GatedMatMul(const float* x, int64_t rows, const PackedMatrix& gate, const PackedMatrix& up,
                 float* h, const GatedOptions& options) {
  HWY_ALIGN float gates[kBlockRows * kPanel];
  HWY_ALIGN float ups[kBlockRows * kPanel];
  HWY_ALIGN float gate_bias[kPanel];
  HWY_ALIGN float up_bias[kPanel];
  const auto finish = options.activation == Activation::kSilu ? Gate<Activation::kSilu>
                                                              : Gate<Activation::kGeluTanh>;
  const int64_t columns = gate.columns(), depth = gate.depth();
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, rows - first);
    for (int64_t panel = 0; panel < gate.panels(); ++panel) {
      const int64_t column = panel * kPanel;
      PanelBias(options.gate_bias, column, columns, gate_bias);
      PanelBias(options.up_bias, column, columns, up_bias);
      BlockProduct(x + first * depth, count, gate, panel, gates);
      BlockProduct(x + first * depth, count, up, panel, ups);
      finish(gates, gate_bias, up_bias, count, ups);
      for (int64_t row = 0; row < count; ++row) {
        std::copy_n(ups + row * kPanel, std::min(kPanel, columns - column),
                    h + (first + row) * columns + column);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rsr {

HWY_EXPORT(MatMul);
HWY_EXPORT(GatedMatMul);

PackedMatrix::PackedMatrix(int64_t columns, int64_t depth) : columns_(columns), depth_(depth) {
  InitCpuLevel();
  const int64_t floats = panels() * kPanel * depth;
  data_ = hwy::AllocateAligned<float>(static_cast<size_t>(floats));
  if (!data_) throw std::bad_alloc();
  // Columns that are not there: their products are thrown away, but must not be slow (denormals).
  if (columns % kPanel != 0) {
    std::fill_n(data_.get() + (panels() - 1) * kPanel * depth, kPanel * depth, 0.0f);
  }
}

void PackedMatrix::Pack(int64_t first, int64_t count, const float* rows) {
  for (int64_t column = first; column < first + count; ++column, rows += depth_) {
    float* to = data_.get() + column / kPanel * kPanel * depth_ + column % kPanel;
    for (int64_t k = 0; k < depth_; ++k) to[k * kPanel] = rows[k];
  }
}

void MatMul(const float* x, int64_t rows, const PackedMatrix& weights, float* y,
            const MatMulOptions& options) {
  HWY_DYNAMIC_DISPATCH(MatMul)(x, rows, weights, y, options);
}

void GatedMatMul(const float* x, int64_t rows, const PackedMatrix& gate, const PackedMatrix& up,
                 float* h, const GatedOptions& options) {
  HWY_DYNAMIC_DISPATCH(GatedMatMul)(x, rows, gate, up, h, options);
}

}  // namespace rsr
#endif  // HWY_ONCE
