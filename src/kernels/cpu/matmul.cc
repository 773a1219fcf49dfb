#include "kernels/matmul.h"

#include <algorithm>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kernels/bf16.h"
#include "kernels/cpu/cpu_level.h"
#include "kernels/vocab_sweep.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/matmul.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "kernels/cpu/bf16-inl.h"
#include "kernels/cpu/exp-inl.h"
#include "kernels/cpu/panel_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {

// Rows that pass one panel: 128 rows of 576 values (SmolLM2-135M) take 0.3 MB of the second-level
// cache and their share of a panel's product 32 KB.
constexpr int64_t kBlockRows = 128;
// Words of a panel's depth that are used by all rows before the next: 196 KB, in the second-level
// cache.
constexpr int64_t kBlockDepth = 768;

// A block of rows as the left factor of weights of this type.
template <class Type>
const typename Type::Word* Rows(const float* x, int64_t rows, const PackedMatrix& weights) {
  if constexpr (std::is_same_v<Type, Float32>) {
    return x;
  } else {
    // The thread's own, so that the caller need not bring any: some hundred kB.
    static thread_local std::vector<uint32_t> pairs;
    const auto size = static_cast<size_t>(rows * weights.words());
    if (pairs.size() < size) pairs.resize(size);
    for (int64_t row = 0; row < rows; ++row) {
      PackBf16<Type>(x + row * weights.depth(), weights.depth(),
                     pairs.data() + row * weights.words());
    }
    return pairs.data();
  }
}

template <class Type>
const typename Type::Word* Panel(const PackedMatrix& weights, int64_t index) {
  if constexpr (std::is_same_v<Type, Float32>) {
    return weights.panel(index);
  } else {
    return weights.bf16_panel(index);
  }
}

// The panel itself behind the last one: it is in the cache already.
template <class Type>
const typename Type::Word* PanelAfter(const PackedMatrix& weights, int64_t index) {
  return Panel<Type>(weights, std::min(index + 1, weights.panels() - 1));
}

// out [rows, kPanel] = left [rows, words] * panel [words, kPanel]; `next`: the panel that follows.
// finish: PanelProduct's, of the complete sums.
template <class Type, class Finish = KeepSums, class Word = typename Type::Word>
void BlockProduct(const Word* left, int64_t rows, const Word* panel, int64_t words,
                  const Word* next, float* out, Finish finish = {}) {
  int64_t k = 0;
  for (; k + kBlockDepth < words; k += kBlockDepth) {
    // What follows within the panel may be shorter; then it is the panel's end that is fetched.
    const Word* then = panel + std::min(k + kBlockDepth, words - kBlockDepth) * kPanel;
    PanelProduct<Type, /*kFetch=*/true>({left + k, words, 1}, rows, panel + k * kPanel, kBlockDepth,
                                        k > 0, out, then);
  }
  PanelProduct<Type, /*kFetch=*/true>({left + k, words, 1}, rows, panel + k * kPanel, words - k,
                                      k > 0, out, next, finish);
}

// Sums of a panel into its columns of y.
class AddToRows {
 public:
  AddToRows(const MatMulOptions& options, int64_t column, int64_t columns, float* y)
      : options_(options),
        bias_(options.bias ? options.bias + column : nullptr),
        count_(std::min(kPanel, columns - column)),
        stride_(columns),
        y_(y + column) {}

  HWY_ATTR void operator()(const float* sums, int64_t rows) {
    for (int64_t row = 0; row < rows; ++row, sums += kPanel, y_ += stride_) {
      ForEachVector(count_, [&](auto d, int64_t i) HWY_ATTR {
        auto value = hn::LoadU(d, sums + i);
        if (bias_) value = hn::Add(value, hn::LoadU(d, bias_ + i));
        if (options_.scale != 1) value = hn::Mul(value, hn::Set(d, options_.scale));
        if (options_.add) value = hn::Add(hn::LoadU(d, y_ + i), value);
        hn::StoreU(value, d, y_ + i);
        __builtin_prefetch(y_ + kTileRows * stride_ + i, 1);  // of the tile that follows
      });
    }
  }

 private:
  const MatMulOptions options_;
  const float* const bias_;
  const int64_t count_, stride_;
  float* y_;
};

template <class Type>
void Multiply(const float* x, int64_t rows, const PackedMatrix& weights, float* y,
              const MatMulOptions& options) {
  HWY_ALIGN float product[kBlockRows * kPanel];
  const int64_t columns = weights.columns();
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, rows - first);
    const auto* left = Rows<Type>(x + first * weights.depth(), count, weights);
    for (int64_t panel = 0; panel < weights.panels(); ++panel) {
      BlockProduct<Type>(left, count, Panel<Type>(weights, panel), weights.words(),
                         PanelAfter<Type>(weights, panel), product,
                         AddToRows(options, panel * kPanel, columns, y + first * columns));
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

// h = act(gate + gate_bias) * (up + up_bias), gate and up [rows, kPanel].
template <Activation kActivation>
void Gate(const float* gate, const float* gate_bias, const float* up, const float* up_bias,
          int64_t rows, int64_t columns, float* h, int64_t stride) {
  const Floats df;
  for (int64_t row = 0; row < rows; ++row, gate += kPanel, up += kPanel, h += stride) {
    for (int64_t i = 0; i < columns; i += kLanes) {
      const Vector g = hn::Add(hn::Load(df, gate + i), hn::Load(df, gate_bias + i));
      const Vector u = hn::Add(hn::Load(df, up + i), hn::Load(df, up_bias + i));
      const Vector value = hn::Mul(Activate<kActivation>(g), u);
      if (i + kLanes <= columns) {
        hn::StoreU(value, df, h + i);
      } else {
        HWY_ALIGN float values[kLanes];
        hn::Store(value, df, values);
        std::copy_n(values, columns - i, h + i);
      }
    }
  }
}

template <class Type>
void MultiplyGated(const float* x, int64_t rows, const PackedMatrix& gate, const PackedMatrix& up,
                   float* h, const GatedOptions& options) {
  HWY_ALIGN float gates[kBlockRows * kPanel];
  HWY_ALIGN float ups[kBlockRows * kPanel];
  HWY_ALIGN float gate_bias[kPanel];
  HWY_ALIGN float up_bias[kPanel];
  const auto finish = options.activation == Activation::kSilu ? Gate<Activation::kSilu>
                                                              : Gate<Activation::kGeluTanh>;
  const int64_t columns = gate.columns(), depth = gate.depth(), depth_words = gate.words();
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, rows - first);
    const auto* left = Rows<Type>(x + first * depth, count, gate);
    for (int64_t panel = 0; panel < gate.panels(); ++panel) {
      const int64_t column = panel * kPanel;
      PanelBias(options.gate_bias, column, columns, gate_bias);
      PanelBias(options.up_bias, column, columns, up_bias);
      const auto* up_panel = Panel<Type>(up, panel);
      BlockProduct<Type>(left, count, Panel<Type>(gate, panel), depth_words, up_panel, gates);
      BlockProduct<Type>(left, count, up_panel, depth_words, PanelAfter<Type>(gate, panel), ups);
      finish(gates, gate_bias, ups, up_bias, count, std::min(kPanel, columns - column),
             h + first * columns + column, columns);
    }
  }
}

void MatMul(const float* x, int64_t rows, const PackedMatrix& weights, float* y,
            const MatMulOptions& options) {
  WithType(weights.type() == WeightType::kBf16,
           [&](auto type) { Multiply<decltype(type)>(x, rows, weights, y, options); });
}

void GatedMatMul(const float* x, int64_t rows, const PackedMatrix& gate, const PackedMatrix& up,
                 float* h, const GatedOptions& options) {
  WithType(gate.type() == WeightType::kBf16,
           [&](auto type) { MultiplyGated<decltype(type)>(x, rows, gate, up, h, options); });
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rsr {

HWY_EXPORT(MatMul);
HWY_EXPORT(GatedMatMul);

PackedMatrix::PackedMatrix(int64_t columns, int64_t depth, WeightType type)
    : columns_(columns), depth_(depth), type_(type) {
  InitCpuLevel();
  const auto allocate = [&](auto* memory, auto word) {
    const int64_t panel = kPanel * words();
    *memory = hwy::AllocateAligned<decltype(word)>(static_cast<size_t>(panels() * panel));
    if (!*memory) throw std::bad_alloc();
    // Columns that are not there: their products are thrown away, but must not be slow (denormals).
    if (columns % kPanel != 0) std::fill_n(memory->get() + (panels() - 1) * panel, panel, word);
  };
  if (type == WeightType::kF32) {
    allocate(&floats_, 0.0f);
  } else {
    allocate(&pairs_, uint32_t{0});
  }
}

void PackedMatrix::Pack(int64_t first, int64_t count, const float* rows) {
  for (int64_t column = first; column < first + count; ++column, rows += depth_) {
    const int64_t at = column / kPanel * kPanel * words() + column % kPanel;
    if (type_ == WeightType::kF32) {
      for (int64_t k = 0; k < depth_; ++k) floats_[at + k * kPanel] = rows[k];
    } else {
      for (int64_t k = 0; k < depth_; k += 2) {
        pairs_[at + k / 2 * kPanel] = Bf16Pair(rows[k], k + 1 < depth_ ? rows[k + 1] : 0);
      }
    }
  }
}

bool Bf16IsFaster() {
#if defined(__x86_64__)
  return HasBf16Products() && __builtin_cpu_is("amd") && CpuLevel() == std::string_view("AVX3");
#else
  return false;
#endif
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
