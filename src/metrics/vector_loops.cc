#include "metrics/vector_loops.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/vector_loops.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which defines the target it compiles for.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rsr {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Doubles>;
constexpr size_t kLanes = hn::MaxLanes(Doubles());

HWY_INLINE Vector Number(double x) { return hn::Set(Doubles(), x); }

// A column's values at the tokens of one vector, from token k on, as doubles.
struct At {
  size_t k;
  template <class T>
  HWY_INLINE Vector operator()(const T* column) const {
    return hn::PromoteTo(Doubles(), hn::LoadU(hn::Rebind<T, Doubles>(), column + k));
  }
  // Where marks have that bit.
  HWY_INLINE hn::Mask<Doubles> Marked(const uint8_t* marks, uint8_t bit) const {
    const hn::Rebind<uint8_t, Doubles> d8;
    const hn::Rebind<uint32_t, Doubles> d32;
    const hn::Rebind<uint64_t, Doubles> d64;
    const auto wide = hn::PromoteTo(d64, hn::PromoteTo(d32, hn::LoadU(d8, marks + k)));
    return hn::RebindMask(Doubles(), hn::TestBit(wide, hn::Set(d64, bit)));
  }
};

// At the last tokens, fewer than a vector has.
struct AtLast {
  size_t k, count;
  template <class T>
  HWY_INLINE std::array<T, kLanes> Copy(const T* column) const {
    std::array<T, kLanes> values = {};
    std::copy_n(column + k, count, values.begin());
    return values;
  }
  template <class T>
  HWY_INLINE Vector operator()(const T* column) const {
    return At{0}(Copy(column).data());
  }
  HWY_INLINE hn::Mask<Doubles> Marked(const uint8_t* marks, uint8_t bit) const {
    return At{0}.Marked(Copy(marks).data(), bit);
  }
};

// The sum of f(at) over n tokens: token k is added to the sum number k % 8 on every machine. So
// that they have the same bits, too, nothing here may be fused: CMakeLists.txt.
template <class F>
HWY_INLINE double Sum(size_t n, const F& f) {
  constexpr size_t kSums = 8, kVectors = kSums / kLanes;
  const Doubles d;
  Vector sums[kVectors];
  for (Vector& sum : sums) sum = hn::Zero(d);
  size_t k = 0;
  for (; k + kSums <= n; k += kSums) {
    for (size_t v = 0; v < kVectors; ++v) sums[v] = hn::Add(sums[v], f(At{k + v * kLanes}));
  }
  for (size_t v = 0; k < n; ++v, k += kLanes) {
    const size_t count = std::min(kLanes, n - k);
    const Vector last = hn::IfThenElseZero(hn::FirstN(d, count), f(AtLast{k, count}));
    sums[v] = hn::Add(sums[v], last);
  }
  HWY_ALIGN double s[kSums];
  for (size_t v = 0; v < kVectors; ++v) hn::Store(sums[v], d, s + v * kLanes);
  return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

// e^-x for x >= 0, within 1e-14; from x = 700 on something as small.
HWY_INLINE Vector ExpOfMinus(Vector x) {
  const Doubles d;
  const hn::RebindToUnsigned<Doubles> du;
  x = hn::Neg(hn::Min(x, Number(700)));
  // n = round(x / ln 2): the low bits of t hold it once 1.5 * 2^52 has pushed the fraction out.
  const Vector magic = Number(6755399441055744.0);
  const Vector t = hn::Add(hn::Mul(x, Number(1.4426950408889634)), magic);
  const Vector n = hn::Sub(t, magic);
  // ln 2 in two parts; the first has 33 bits, so that n times it is exact.
  Vector r = hn::Sub(x, hn::Mul(n, Number(6.93147180369123816490e-01)));
  r = hn::Sub(r, hn::Mul(n, Number(1.90821492927058770002e-10)));
  // The series up to r^11 / 11!, 6e-15 off where |r| = ln(2) / 2.
  Vector p = Number(1.0 / 39916800);
  for (const double c : {1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                         1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0}) {
    p = hn::Add(hn::Mul(p, r), Number(c));
  }
  return hn::BitCast(d, hn::Add(hn::BitCast(du, p), hn::ShiftLeft<52>(hn::BitCast(du, t))));
}

double SumMarked(const float* s, const uint8_t* marks, uint8_t bit, bool with, size_t n) {
  if (!with)
    return Sum(n,
               [=](auto at) HWY_ATTR { return hn::IfThenZeroElse(at.Marked(marks, bit), at(s)); });
  return Sum(n, [=](auto at) HWY_ATTR { return hn::IfThenElseZero(at.Marked(marks, bit), at(s)); });
}

double SumRatios(const float* s, const int32_t* r, size_t n) {
  return Sum(n, [=](auto at) HWY_ATTR { return hn::Div(at(r), at(s)); });
}

double SumRatiosFrom(float least, const float* s, const int32_t* r, size_t n) {
  return Sum(n, [=](auto at) HWY_ATTR {
    const Vector surprisal = at(s);
    return hn::IfThenElseZero(hn::Ge(surprisal, Number(least)), hn::Div(at(r), surprisal));
  });
}

double SumProducts(const float* s, const int32_t* r, int32_t clip, size_t n) {
  return Sum(n, [=](auto at) HWY_ATTR { return hn::Mul(at(s), hn::Min(at(r), Number(clip))); });
}

double SumClipped(const int32_t* r, int32_t clip, size_t n) {
  return Sum(n, [=](auto at) HWY_ATTR { return hn::Min(at(r), Number(clip)); });
}

double SumBrier(const float* s, const float* q, size_t n) {
  return Sum(n, [=](auto at) HWY_ATTR {
    const Vector p = ExpOfMinus(at(s));
    return hn::Add(hn::Sub(Number(1), hn::Add(p, p)), at(q));
  });
}

double SumSeqLss4(const float* s, const float* m, size_t n) {
  return Sum(n, [=](auto at) HWY_ATTR {
    const Vector rest = hn::Sub(Number(1), at(m));
    const Vector square = hn::Mul(rest, rest);
    return hn::Mul(at(s), hn::Mul(square, square));
  });
}

size_t CountMarked(const uint8_t* marks, uint8_t bit, size_t n) {
  const hn::ScalableTag<uint8_t> d;
  size_t count = 0, k = 0;
  for (; k + hn::Lanes(d) <= n; k += hn::Lanes(d))
    count += hn::CountTrue(d, hn::TestBit(hn::LoadU(d, marks + k), hn::Set(d, bit)));
  for (; k < n; ++k) count += (marks[k] & bit) != 0;
  return count;
}

size_t CountEqual(const uint8_t* values, uint8_t value, size_t n) {
  const hn::ScalableTag<uint8_t> d;
  size_t count = 0, k = 0;
  for (; k + hn::Lanes(d) <= n; k += hn::Lanes(d))
    count += hn::CountTrue(d, hn::Eq(hn::LoadU(d, values + k), hn::Set(d, value)));
  for (; k < n; ++k) count += values[k] == value;
  return count;
}

// The factors are odd and have no pattern: digits of SplitMix64's and L'Ecuyer's tables. Low bits
// of the sum depend on low bits of the ids alone; the last step brings high ones down to them.
template <class D>
HWY_INLINE void HashGramsAt(D d, const int32_t* ids, uint32_t* hashes) {
  const hn::RebindToUnsigned<D> du;
  auto sum = hn::Zero(d);
  for (const uint32_t factor : {0x9E3779B9U, 0x7F4A7C15U, 0xBF58476DU, 0x1CE4E5B9U, 0x94D049BBU,
                                0x133111EBU, 0xD1342543U, 0xDE82EF95U}) {
    sum = hn::Add(sum, hn::Mul(hn::LoadU(d, ids++), hn::Set(d, static_cast<int32_t>(factor))));
  }
  const auto hash = hn::BitCast(du, sum);
  hn::StoreU(hn::Xor(hash, hn::ShiftRight<15>(hash)), du, hashes + 7);
}

void HashGrams(const int32_t* ids, size_t n, uint32_t* hashes) {
  const hn::ScalableTag<int32_t> d;
  size_t k = 0;
  for (; k + 7 + hn::Lanes(d) <= n; k += hn::Lanes(d)) HashGramsAt(d, ids + k, hashes + k);
  for (; k + 7 < n; ++k) HashGramsAt(hn::CappedTag<int32_t, 1>(), ids + k, hashes + k);
}

size_t CountConsecutive(const int32_t* values, size_t n) {
  const hn::ScalableTag<int32_t> d;
  size_t k = 1;
  for (; k + hn::Lanes(d) <= n; k += hn::Lanes(d)) {
    const auto expected = hn::Add(hn::LoadU(d, values + k - 1), hn::Set(d, 1));
    if (!hn::AllTrue(d, hn::Eq(hn::LoadU(d, values + k), expected))) break;
  }
  while (k < n && values[k] == int64_t{values[k - 1]} + 1) ++k;
  return k;
}

template <class D>
HWY_INLINE void MeetMarksAt(D d, const uint8_t* a, const uint8_t* b, uint8_t bits, uint8_t bit,
                            uint8_t* out) {
  const auto met = hn::And(hn::LoadU(d, a), hn::LoadU(d, b));
  const auto before = hn::And(hn::LoadU(d, a - 1), hn::LoadU(d, b - 1));
  const auto either = hn::And(hn::Or(met, before), hn::Set(d, bits));
  const auto none = hn::Eq(either, hn::Zero(d));
  hn::StoreU(hn::Or(met, hn::IfThenZeroElse(none, hn::Set(d, bit))), d, out);
}

void MeetMarks(const uint8_t* a, const uint8_t* b, uint8_t bits, uint8_t bit, size_t n,
               uint8_t* out) {
  if (n == 0) return;
  const hn::ScalableTag<uint8_t> d;
  out[0] = a[0] & b[0];
  out[0] |= out[0] & bits ? bit : 0;
  size_t k = 1;
  for (; k + hn::Lanes(d) <= n; k += hn::Lanes(d)) MeetMarksAt(d, a + k, b + k, bits, bit, out + k);
  for (; k < n; ++k) MeetMarksAt(hn::CappedTag<uint8_t, 1>(), a + k, b + k, bits, bit, out + k);
}

size_t CountFrom(float least, const float* s, size_t n) {
  const hn::ScalableTag<float> d;
  size_t count = 0, k = 0;
  for (; k + hn::Lanes(d) <= n; k += hn::Lanes(d))
    count += hn::CountTrue(d, hn::Ge(hn::LoadU(d, s + k), hn::Set(d, least)));
  for (; k < n; ++k) count += s[k] >= least;
  return count;
}

}  // namespace HWY_NAMESPACE
}  // namespace rsr
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rsr {

HWY_EXPORT(SumMarked);
HWY_EXPORT(SumRatios);
HWY_EXPORT(SumRatiosFrom);
HWY_EXPORT(SumProducts);
HWY_EXPORT(SumClipped);
HWY_EXPORT(SumBrier);
HWY_EXPORT(SumSeqLss4);
HWY_EXPORT(CountMarked);
HWY_EXPORT(CountEqual);
HWY_EXPORT(CountFrom);
HWY_EXPORT(HashGrams);
HWY_EXPORT(CountConsecutive);
HWY_EXPORT(MeetMarks);

double SumMarked(const float* s, const uint8_t* marks, uint8_t bit, bool with, size_t n) {
  return HWY_DYNAMIC_DISPATCH(SumMarked)(s, marks, bit, with, n);
}
double SumRatios(const float* s, const int32_t* r, size_t n) {
  return HWY_DYNAMIC_DISPATCH(SumRatios)(s, r, n);
}
double SumRatiosFrom(float least, const float* s, const int32_t* r, size_t n) {
  return HWY_DYNAMIC_DISPATCH(SumRatiosFrom)(least, s, r, n);
}
double SumProducts(const float* s, const int32_t* r, int32_t clip, size_t n) {
  return HWY_DYNAMIC_DISPATCH(SumProducts)(s, r, clip, n);
}
double SumClipped(const int32_t* r, int32_t clip, size_t n) {
  return HWY_DYNAMIC_DISPATCH(SumClipped)(r, clip, n);
}
double SumBrier(const float* s, const float* q, size_t n) {
  return HWY_DYNAMIC_DISPATCH(SumBrier)(s, q, n);
}
double SumSeqLss4(const float* s, const float* m, size_t n) {
  return HWY_DYNAMIC_DISPATCH(SumSeqLss4)(s, m, n);
}
size_t CountMarked(const uint8_t* marks, uint8_t bit, size_t n) {
  return HWY_DYNAMIC_DISPATCH(CountMarked)(marks, bit, n);
}
size_t CountEqual(const uint8_t* values, uint8_t value, size_t n) {
  return HWY_DYNAMIC_DISPATCH(CountEqual)(values, value, n);
}
size_t CountConsecutive(const int32_t* values, size_t n) {
  return HWY_DYNAMIC_DISPATCH(CountConsecutive)(values, n);
}
void MeetMarks(const uint8_t* a, const uint8_t* b, uint8_t bits, uint8_t bit, size_t n,
               uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(MeetMarks)(a, b, bits, bit, n, out);
}
void HashGrams(const int32_t* ids, size_t n, uint32_t* hashes) {
  HWY_DYNAMIC_DISPATCH(HashGrams)(ids, n, hashes);
}
size_t CountFrom(float least, const float* s, size_t n) {
  return HWY_DYNAMIC_DISPATCH(CountFrom)(least, s, n);
}

}  // namespace rsr
#endif  // HWY_ONCE
