#include "simulate/cable_step.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simulate/cable_step.cpp"
#include <hwy/foreach_target.h>

#include "mechanism/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace neurontwin {
namespace HWY_NAMESPACE {
namespace {

template <class T>
void solve(const CableArguments<T>& c) {
  using V = ln::Lanes<T>;
  constexpr size_t L = ln::count<T>();
  // From the leaves to the root. The axial currents of the present V join the right side on the way: when a
  // node's turn comes, all its children have had theirs.
  for (int64_t i = c.nodes - 1; i > 0; --i) {
    const size_t own = static_cast<size_t>(i) * L, parent = static_cast<size_t>(c.parent[i]) * L;
    const V a = ln::Set<T>(c.to_parent[i]), b = ln::Set<T>(c.from_parent[i]);
    const V down = ln::Load(c.v + parent) - ln::Load(c.v + own);
    const V rhs = ln::Load(c.rhs + own) + b * down;
    const V inverse = ln::Reciprocal(ln::Load(c.d + own));
    const V share = a * inverse;
    ln::Store(ln::Load(c.d + parent) - share * b, c.d + parent);
    ln::Store(ln::Load(c.rhs + parent) + share * rhs - a * down, c.rhs + parent);
    ln::Store(inverse, c.d + own);
    ln::Store(rhs, c.rhs + own);
  }
  const V gain = ln::Set<T>(c.gain);
  {
    const V dv = ln::Divide(ln::Load(c.rhs), ln::Load(c.d));
    ln::Store(dv, c.rhs);
    ln::Store(ln::Load(c.v) + gain * dv, c.v);
  }
  for (int64_t i = 1; i < c.nodes; ++i) {
    const size_t own = static_cast<size_t>(i) * L, parent = static_cast<size_t>(c.parent[i]) * L;
    const V dv = (ln::Load(c.rhs + own) + ln::Set<T>(c.from_parent[i]) * ln::Load(c.rhs + parent)) *
                 ln::Load(c.d + own);
    ln::Store(dv, c.rhs + own);
    ln::Store(ln::Load(c.v + own) + gain * dv, c.v + own);
  }
}

template <class T>
void reset(T* rhs, T* d, const T* diagonal, int64_t first, int64_t last) {
  constexpr size_t L = ln::count<T>();
  for (int64_t i = first; i < last; ++i) {
    ln::Store(ln::Set<T>(0), rhs + static_cast<size_t>(i) * L);
    ln::Store(ln::Set<T>(diagonal[i]), d + static_cast<size_t>(i) * L);
  }
}

template <class T>
void nernst(T* reversal_mV, const T* inside_mM, const int32_t* node, int64_t first, int64_t last, T factor_mV,
            T outside_mM) {
  constexpr size_t L = ln::count<T>();
  for (int64_t k = first; k < last; ++k) {
    const size_t at = static_cast<size_t>(node[k]) * L;
    ln::Store(ln::Set<T>(factor_mV) * ln::Log(ln::Divide(ln::Set<T>(outside_mM), ln::Load(inside_mM + at))),
              reversal_mV + at);
  }
}

template <class T>
void follow(T* current, const T* slope, const T* dv, const int32_t* node, int64_t nodes) {
  constexpr size_t L = ln::count<T>();
  for (int64_t k = 0; k < nodes; ++k) {
    const size_t at = static_cast<size_t>(node[k]) * L;
    ln::Store(ln::Load(current + at) + ln::Load(slope + at) * ln::Load(dv + at), current + at);
  }
}

template <class T>
void clear(T* array, const int32_t* node, int64_t first, int64_t last) {
  constexpr size_t L = ln::count<T>();
  for (int64_t k = first; k < last; ++k) ln::Store(ln::Set<T>(0), array + static_cast<size_t>(node[k]) * L);
}

CableKernels<float> in_float() {
  return {ln::count<float>(), &solve<float>, &reset<float>, &nernst<float>, &follow<float>, &clear<float>};
}
CableKernels<double> in_double() {
  return {ln::count<double>(), &solve<double>,  &reset<double>,
          &nernst<double>,     &follow<double>, &clear<double>};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace neurontwin
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace neurontwin {
HWY_EXPORT(in_float);
HWY_EXPORT(in_double);
template <>
CableKernels<float> cable_kernels<float>() {
  return HWY_DYNAMIC_DISPATCH(in_float)();
}
template <>
CableKernels<double> cable_kernels<double>() {
  return HWY_DYNAMIC_DISPATCH(in_double)();
}
}  // namespace neurontwin
#endif
