// Arithmetic on one trial per SIMD lane, for the instruction set that Highway is compiling for. Included once
// per instruction set, so it has no #pragma once.
#if defined(NEURONTWIN_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef NEURONTWIN_LANES_INL
#undef NEURONTWIN_LANES_INL
#else
#define NEURONTWIN_LANES_INL
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <array>
#include <cstdint>
#include <limits>

#include "random/draw.hpp"

HWY_BEFORE_NAMESPACE();
namespace nt::mechanism {
namespace HWY_NAMESPACE {
namespace ln {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Lanes = hn::Vec<Tag<T>>;
template <class V>
using ElementOf = hn::TFromD<hn::DFromV<V>>;

template <class T>
constexpr size_t count() {
  return hn::MaxLanes(Tag<T>());
}

template <class T>
HWY_INLINE Lanes<T> Set(T x) {
  return hn::Set(Tag<T>(), x);
}
template <class T>
HWY_INLINE Lanes<T> Load(const T* p) {
  return hn::Load(Tag<T>(), p);
}
template <class T>
HWY_INLINE void Store(Lanes<T> x, T* p) {
  hn::Store(x, Tag<T>(), p);
}

template <class V>
HWY_INLINE V Negate(V x) {
  return hn::Neg(x);
}
template <class V>
HWY_INLINE V Magnitude(V x) {
  return hn::Abs(x);
}
template <class V>
HWY_INLINE V SquareRoot(V x) {
  return hn::Sqrt(x);
}
template <class V>
HWY_INLINE V RoundDown(V x) {
  return hn::Floor(x);
}
template <class V>
HWY_INLINE V RoundUp(V x) {
  return hn::Ceil(x);
}

/// 1/x. In float an estimate and Newton's step, to about 1e-7 for |x| between 1e-37 and 1e37: a division
/// costs three times as much.
template <class V>
HWY_INLINE V Reciprocal(V x) {
  if constexpr (sizeof(ElementOf<V>) == 4) {
    const V y = hn::ApproximateReciprocal(x);
    return y * hn::NegMulAdd(x, y, Set<float>(2.0f));
  } else {
    return Set<double>(1.0) / x;
  }
}
template <class V>
HWY_INLINE V Divide(V a, V b) {
  if constexpr (sizeof(ElementOf<V>) == 4) {
    return a * Reciprocal(b);
  } else {
    return a / b;
  }
}

namespace detail {

/// x = n log 2 + r with |r| <= log(2)/2; returns n. In float log 2 is one number: r is off by at most 2e-8 n,
/// which is a rounding error of x.
template <class V>
HWY_INLINE V Reduce(V x, V& r) {
  using T = ElementOf<V>;
  const V n = hn::Round(x * Set<T>(static_cast<T>(1.44269504088896340736)));
  if constexpr (sizeof(T) == 4) {
    r = hn::NegMulAdd(n, Set<T>(0.69314718056f), x);
  } else {
    r = hn::NegMulAdd(n, Set<T>(0.693145751953125), x);
    r = hn::NegMulAdd(n, Set<T>(1.42860682030941723212e-6), r);
  }
  return n;
}

/// (exp(r) - 1) / r for |r| <= log(2)/2. In float the polynomial with the smallest greatest relative error of
/// exp(r), 3e-9 (found by weighted least squares); in double Taylor's, below 2^-55.
template <class V>
HWY_INLINE V Slope(V r) {
  using T = ElementOf<V>;
  const auto c = [](double x) { return Set<T>(static_cast<T>(x)); };
  if constexpr (sizeof(T) == 4) {
    V p = hn::MulAdd(c(0.00138145986), r, c(0.00836871691));
    p = hn::MulAdd(p, r, c(0.041668388));
    p = hn::MulAdd(p, r, c(0.166665206));
    p = hn::MulAdd(p, r, c(0.499999934));
    return hn::MulAdd(p, r, c(1));
  } else {
    constexpr double inverse_factorial[] = {1.0,
                                            1.0 / 2,
                                            1.0 / 6,
                                            1.0 / 24,
                                            1.0 / 120,
                                            1.0 / 720,
                                            1.0 / 5040,
                                            1.0 / 40320,
                                            1.0 / 362880,
                                            1.0 / 3628800,
                                            1.0 / 39916800,
                                            1.0 / 479001600,
                                            1.0 / 6227020800};
    V p = c(inverse_factorial[12]);
    for (int i = 11; i >= 0; --i) p = hn::MulAdd(p, r, c(inverse_factorial[i]));
    return p;
  }
}

/// p 2^n for a whole n that keeps the result normal.
template <class V>
HWY_INLINE V Scale(V p, V n) {
  using T = ElementOf<V>;
#if HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(T) == 4)
    return V{_mm512_scalef_ps(p.raw, n.raw)};
  else
    return V{_mm512_scalef_pd(p.raw, n.raw)};
#else
  const hn::RebindToSigned<Tag<T>> di;
  constexpr int mantissa = sizeof(T) == 4 ? 23 : 52, bias = sizeof(T) == 4 ? 127 : 1023;
  const auto whole = hn::ConvertTo(di, n);
  return p * hn::BitCast(Tag<T>(), hn::ShiftLeft<mantissa>(whole + hn::Set(di, bias)));
#endif
}

/// Arguments beyond these give the value there: 1e-34 and 1e34 in float, whose products and reciprocals stay
/// finite.
template <class V>
HWY_INLINE V Clamp(V x) {
  using T = ElementOf<V>;
  constexpr double most = sizeof(T) == 4 ? 80 : 700;
  return hn::Min(hn::Max(x, Set<T>(static_cast<T>(-most))), Set<T>(static_cast<T>(most)));
}

}  // namespace detail

/// exp(x) for |x| < 80.
template <class V>
HWY_INLINE V ExpWithin(V x) {
  using T = ElementOf<V>;
  V r;
  const V n = detail::Reduce(x, r);
  return detail::Scale(hn::MulAdd(detail::Slope(r), r, Set<T>(static_cast<T>(1))), n);
}

template <class V>
HWY_INLINE V Exp(V x) {
  return ExpWithin(detail::Clamp(x));
}

/// exp(x) - 1, exact to rounding also where x is small: the gain of a slow gate's step.
template <class V>
HWY_INLINE V Expm1(V x) {
  using T = ElementOf<V>;
  V r;
  const V n = detail::Reduce(detail::Clamp(x), r);
  const V one = Set<T>(static_cast<T>(1)), scale = detail::Scale(one, n);
  return hn::MulAdd(detail::Slope(r) * r, scale, scale - one);
}

template <class V>
HWY_INLINE V Log(V x) {
  return hn::Log(hn::DFromV<V>(), x);
}
template <class V>
HWY_INLINE V Log10(V x) {
  return Log(x) * Set<ElementOf<V>>(static_cast<ElementOf<V>>(0.43429448190325182765));
}
template <class V>
HWY_INLINE V Sine(V x) {
  return hn::Sin(hn::DFromV<V>(), x);
}
template <class V>
HWY_INLINE V Cosine(V x) {
  return hn::Cos(hn::DFromV<V>(), x);
}
template <class V>
HWY_INLINE V Tangent(V x) {
  return Sine(x) / Cosine(x);
}
template <class V>
HWY_INLINE V HyperbolicTangent(V x) {
  const V e = Expm1(x + x);
  return e / (e + Set<ElementOf<V>>(static_cast<ElementOf<V>>(2)));
}
/// x^y as C's pow: with its sign for x < 0 and whole y, NaN for another y; 0^y is 0, 1 or infinite.
template <class V>
HWY_INLINE V Power(V x, V y) {
  using T = ElementOf<V>;
  const V none = Set<T>(0), one = Set<T>(1), size = hn::Abs(x);
  const V power = Exp(y * Log(size));
  const V half = y * Set<T>(static_cast<T>(0.5));
  const V odd = hn::IfThenElse(hn::Floor(half) == half, power, hn::Neg(power));
  const V whole = hn::IfThenElse(hn::Floor(y) == y, odd, Set<T>(std::numeric_limits<T>::quiet_NaN()));
  const V zero = hn::IfThenElse(y > none, none,
                                hn::IfThenElse(y == none, one, Set<T>(std::numeric_limits<T>::infinity())));
  return hn::IfThenElse(x > none, power, hn::IfThenElse(x == none, zero, whole));
}

/// A function's table at x: `table` holds where it starts, intervals per unit of x, how many there are, and
/// the entries. A straight line between two entries, the outermost ones beyond the ends. 0 intervals per
/// unit: after the entries follows what x each stands for.
template <class V, class T = ElementOf<V>>
HWY_INLINE V TablePosition(const T* table, V x) {
  return (x - Set<T>(table[0])) * Set<T>(table[1]);
}
/// Of a table with places of its own: its value at x, or its slope.
template <class V, class T = ElementOf<V>>
V UnevenTable(const T* table, V x, bool slope) {
  HWY_ALIGN T at[count<T>()];
  Store<T>(x, at);
  const auto last = static_cast<int64_t>(table[2]);
  const T *values = table + 3, *places = values + last + 1;
  for (size_t lane = 0; lane < count<T>(); ++lane) {
    int64_t low = 0, high = last;
    while (high - low > 1) {
      const int64_t middle = (low + high) / 2;
      (places[middle] <= at[lane] ? low : high) = middle;
    }
    const T wide = places[high] - places[low], rise = values[high] - values[low];
    const T part = (at[lane] - places[low]) / wide;
    if (slope)
      at[lane] = part > T(0) && part < T(1) ? rise / wide : T(0);
    else
      at[lane] = part <= T(0) ? values[low] : part >= T(1) ? values[high] : values[low] + part * rise;
  }
  return Load<T>(at);
}
template <class V, class T = ElementOf<V>>
HWY_INLINE V TableValue(const T* table, V x) {
  if (table[1] == T(0)) return UnevenTable(table, x, false);
  const V last = Set<T>(table[2]);
  const V position = hn::Min(hn::Max(TablePosition(table, x), Set<T>(0)), last);
  const V start = hn::Min(hn::Floor(position), last - Set<T>(1));
  const hn::RebindToSigned<hn::DFromV<V>> di;
  const auto index = hn::ConvertTo(di, start);
  const V low = hn::GatherIndex(hn::DFromV<V>(), table + 3, index);
  const V high = hn::GatherIndex(hn::DFromV<V>(), table + 4, index);
  return low + (position - start) * (high - low);
}
template <class V, class T = ElementOf<V>>
HWY_INLINE V TableSlope(const T* table, V x) {
  if (table[1] == T(0)) return UnevenTable(table, x, true);
  const V last = Set<T>(table[2]), none = Set<T>(0);
  const V position = TablePosition(table, x);
  const V start = hn::Min(hn::Max(hn::Floor(position), none), last - Set<T>(1));
  const hn::RebindToSigned<hn::DFromV<V>> di;
  const auto index = hn::ConvertTo(di, start);
  const V low = hn::GatherIndex(hn::DFromV<V>(), table + 3, index);
  const V high = hn::GatherIndex(hn::DFromV<V>(), table + 4, index);
  return hn::IfThenElseZero(hn::And(position > none, position < last), Set<T>(table[1]) * (high - low));
}

/// A uniform random number in (0, 1) of each lane: draw number `draws` + 65536 `rounds` of a stream.
template <class V, class T = ElementOf<V>>
V Draw(const random::TrialKey* trial, uint32_t stream, int half, V draws, V rounds) {
  HWY_ALIGN T n[count<T>()];
  HWY_ALIGN T high[count<T>()];
  Store<T>(draws, n);
  Store<T>(rounds, high);
  constexpr T kBelowOne = T(1) - std::numeric_limits<T>::epsilon() / 2;
  for (size_t lane = 0; lane < count<T>(); ++lane) {
    const uint32_t number = static_cast<uint32_t>(n[lane]) + 65536u * static_cast<uint32_t>(high[lane]);
    const T x = static_cast<T>(random::uniform_draw({trial[lane], stream}, number, half));
    n[lane] = x < kBelowOne ? x : kBelowOne;
  }
  return Load<T>(n);
}

/// In each lane, of `n` numbers for each lane the one that `index` says, without what stands after its point;
/// no number where there is none.
template <class V, class T = ElementOf<V>>
V Element(const T* first, V index, int64_t n) {
  HWY_ALIGN T at[count<T>()];
  HWY_ALIGN T found[count<T>()];
  Store<T>(index, at);
  for (size_t lane = 0; lane < count<T>(); ++lane) {
    const bool there = at[lane] > T(-1) && at[lane] < static_cast<T>(n);
    found[lane] = there ? first[static_cast<size_t>(at[lane]) * count<T>() + lane]
                        : std::numeric_limits<T>::quiet_NaN();
  }
  return Load<T>(found);
}
/// Whether the mask holds in no lane.
template <class T, class M>
HWY_INLINE bool IsNowhere(M mask) {
  return hn::AllFalse(Tag<T>(), mask);
}

template <class M, class V>
HWY_INLINE V Select(M condition, V then, V otherwise) {
  return hn::IfThenElse(condition, then, otherwise);
}
template <class V>
HWY_INLINE auto IsTrue(V x) {
  return x != hn::Zero(hn::DFromV<V>());
}
template <class A, class B>
HWY_INLINE auto Both(A a, B b) {
  return hn::And(a, b);
}
template <class A, class B>
HWY_INLINE auto Either(A a, B b) {
  return hn::Or(a, b);
}
template <class A>
HWY_INLINE auto Nay(A a) {
  return hn::Not(a);
}

}  // namespace ln
}  // namespace HWY_NAMESPACE
}  // namespace nt::mechanism
HWY_AFTER_NAMESPACE();
#endif
