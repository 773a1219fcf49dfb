// Exponential functions, one vector at a time.

// Include guard (still compiled once per target).
#if defined(RSR_KERNELS_CPU_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RSR_KERNELS_CPU_EXP_INL_H_
#undef RSR_KERNELS_CPU_EXP_INL_H_
#else
#define RSR_KERNELS_CPU_EXP_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// e^x / 2^shift in float32 for x from ln 2 (shift - 125) up, 0 below; at most 1.01 ulp off (a test
// measures it).
template <class DF>
class Exp {
 public:
  using VF = hn::Vec<DF>;

  explicit Exp(VF shift)
      : magic_(hn::Sub(hn::Set(df_, 12582912.0f), shift)),
        least_(hn::Mul(hn::Sub(shift, hn::Set(df_, 125.0f)), hn::Set(df_, 0.693147181f))) {}

  HWY_INLINE VF operator()(VF x) const {
    // n = round(x / ln 2); the low bits of t, after 1.5 * 2^23 has pushed the fraction out, hold n
    // - shift.
    const VF t = hn::MulAdd(x, hn::Set(df_, 1.44269504f), magic_);
    const VF n = hn::Sub(t, magic_);
    // ln 2 in two parts; the first has 9 bits, so that n times it is exact without fused
    // multiply-add as well.
    VF r = hn::NegMulAdd(n, hn::Set(df_, 355.0f / 512), x);
    r = hn::NegMulAdd(n, hn::Set(df_, -2.12194440e-4f), r);
    // e^r = 1 + r + r^2 q(r) on |r| <= ln(2) / 2: minimax, 4e-9 off.
    VF q = hn::MulAdd(r, hn::Set(df_, 1.38145406e-3f), hn::Set(df_, 8.36874545e-3f));
    q = hn::MulAdd(q, r, hn::Set(df_, 4.16683890e-2f));
    q = hn::MulAdd(q, r, hn::Set(df_, 1.66665211e-1f));
    q = hn::MulAdd(q, r, hn::Set(df_, 4.99999940e-1f));
    const VF p = hn::Add(hn::Set(df_, 1.0f), hn::MulAdd(hn::Mul(r, r), q, r));
    const VF e =
        hn::BitCast(df_, hn::Add(hn::BitCast(di_, p), hn::ShiftLeft<23>(hn::BitCast(di_, t))));
    return hn::IfThenElseZero(hn::Gt(x, least_), e);
  }

 private:
  const DF df_;
  const hn::RebindToSigned<DF> di_;
  const VF magic_, least_;
};

// 2^x in float32 for x from -125 up to 127, 0 below and for what is not a number; exactly 1 at 0.
// The polynomial of degree 5 is 1.1e-7 off, that of degree 3 (for what becomes bf16) 1e-4.
template <class DF, int kDegree>
class Exp2 {
 public:
  using VF = hn::Vec<DF>;
  static_assert(kDegree == 3 || kDegree == 5);

  HWY_INLINE VF operator()(VF x) const {
    const DF df;
    const hn::RebindToSigned<DF> di;
    const VF magic = hn::Set(df, 12582912.0f);  // as above
    const VF t = hn::Add(x, magic);
    const VF r = hn::Sub(x, hn::Sub(t, magic));  // exact
    VF p;
    if constexpr (kDegree == 5) {
      p = hn::MulAdd(r, hn::Set(df, 1.326472731e-3f), hn::Set(df, 9.671512991e-3f));
      p = hn::MulAdd(p, r, hn::Set(df, 5.550733581e-2f));
      p = hn::MulAdd(p, r, hn::Set(df, 2.402224243e-1f));
      p = hn::MulAdd(p, r, hn::Set(df, 6.931470037e-1f));
    } else {
      p = hn::MulAdd(r, hn::Set(df, 5.500893295e-2f), hn::Set(df, 2.422109693e-1f));
      p = hn::MulAdd(p, r, hn::Set(df, 6.932829022e-1f));
    }
    p = hn::MulAdd(p, r, hn::Set(df, 1.0f));
    const VF e =
        hn::BitCast(df, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::BitCast(di, t))));
    return hn::IfThenElseZero(hn::Gt(x, hn::Set(df, -125.0f)), e);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#endif  // include guard
