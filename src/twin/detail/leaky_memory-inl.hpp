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

/// 1 / (1 + exp(-x))
template <class D, class V>
HWY_INLINE V logistic(D d, V x) {
  using T = hn::TFromD<D>;
  const V one = hn::Set(d, T(1));
  // exp(80) is finite, and 1 / (1 + exp(80)) is nothing beside one in either precision.
  return hn::Div(one, hn::Add(one, hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, T(80))))));
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
