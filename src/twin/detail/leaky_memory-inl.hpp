// Included once for each SIMD target, within HWY_BEFORE_NAMESPACE()'s reach of it.
#if defined(NEURONTWIN_LEAKY_MEMORY_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef NEURONTWIN_LEAKY_MEMORY_INL
#undef NEURONTWIN_LEAKY_MEMORY_INL
#else
#define NEURONTWIN_LEAKY_MEMORY_INL
#endif

#include <hwy/highway.h>
// After the target is chosen.
#include <hwy/contrib/math/math-inl.h>

#include "twin/leaky_memory.hpp"

HWY_BEFORE_NAMESPACE();
namespace nt::twin {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// exp(-x) in double, and in float with a relative error below 2e-7 where |x| is below 10: then 2^z for
/// z = -x / ln 2 is 2^q, q the nearest whole number, times a polynomial of z - q of the fifth degree, whose
/// relative error is at most 1.1e-7. Its coefficients are the best in the largest relative error (Remez)
/// beside a constant of 1, so that exp(0) is 1. Far outside it is exp(-87) or exp(80), which is nothing or
/// all beside one.
template <class D, class V>
HWY_INLINE V exp_of_negative(D d, V x) {
  using T = hn::TFromD<D>;
  if constexpr (sizeof(T) == 8) {
    return hn::Exp(d, hn::Min(hn::Set(d, T(80)), hn::Neg(x)));
  } else {
    const hn::RebindToSigned<D> bits;
    const V z =
        hn::Max(hn::Set(d, -126.f), hn::Min(hn::Set(d, 115.f), hn::Mul(x, hn::Set(d, -1.44269504088896f))));
    // The sum has no digits behind the point, and q in its last bits.
    const V magic = hn::Set(d, 12582912.f), shifted = hn::Add(z, magic);
    const V r = hn::Sub(z, hn::Sub(shifted, magic));
    V p = hn::Set(d, 0.0013264727f);
    for (const float c : {0.0096715129f, 0.0555073375f, 0.2402224208f, 0.6931469776f, 1.f})
      p = hn::MulAdd(p, r, hn::Set(d, c));
    const auto exponent = hn::ShiftLeft<23>(hn::BitCast(bits, shifted));
    return hn::BitCast(d, hn::Add(hn::BitCast(bits, p), exponent));
  }
}

/// 1 / (1 + exp(-x))
template <class D, class V>
HWY_INLINE V logistic(D d, V x) {
  const V one = hn::Set(d, hn::TFromD<D>(1));
  return hn::Div(one, hn::Add(one, exp_of_negative(d, x)));
}

/// 1.7159 tanh(2/3 u)
template <class D, class V>
HWY_INLINE V written(D d, V u) {
  using T = hn::TFromD<D>;
  // tanh z = 2 logistic(2 z) - 1
  const V half = logistic(d, hn::Mul(u, hn::Set(d, T(2 * kWriteSlope))));
  return hn::MulAdd(half, hn::Set(d, T(2 * kWriteRange)), hn::Set(d, T(-kWriteRange)));
}

template <HiddenActivation kActivation, class D, class V>
HWY_INLINE V activated(D d, V x) {
  if constexpr (kActivation == HiddenActivation::relu) return hn::Max(x, hn::Zero(d));
  return hn::Mul(x, logistic(d, x));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace nt::twin
HWY_AFTER_NAMESPACE();

#endif
