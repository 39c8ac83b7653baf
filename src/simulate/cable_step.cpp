#include "simulate/cable_step.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simulate/cable_step.cpp"
#include <hwy/foreach_target.h>

#include "mechanism/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace nt::simulate {
namespace HWY_NAMESPACE {

namespace ln = mechanism::HWY_NAMESPACE::ln;

namespace {

template <class T>
void eliminate(const CableArguments<T>& c, int64_t first, int64_t last) {
  using V = ln::Lanes<T>;
  constexpr size_t L = ln::count<T>();
  // The axial currents of the present V join the right side on the way: when a node's turn comes, all its
  // children have had theirs.
  for (int64_t i = last - 1; i >= std::max<int64_t>(first, 1); --i) {
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
}

template <class T>
void substitute(const CableArguments<T>& c, int64_t first, int64_t last) {
  using V = ln::Lanes<T>;
  constexpr size_t L = ln::count<T>();
  const V gain = ln::Set<T>(c.gain);
  if (first == 0) {
    const V dv = ln::Divide(ln::Load(c.rhs), ln::Load(c.d));
    ln::Store(dv, c.rhs);
    ln::Store(ln::Load(c.v) + gain * dv, c.v);
  }
  for (int64_t i = std::max<int64_t>(first, 1); i < last; ++i) {
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
void hold(T* rhs, const T* d, const T* v, const T* below_rhs, const T* below_d, const T* diagonal,
          int64_t first, int64_t last) {
  constexpr size_t L = ln::count<T>();
  for (int64_t i = first; i < last; ++i) {
    const size_t at = static_cast<size_t>(i) * L;
    const auto below = below_d ? ln::Load(below_d + at) : ln::Set<T>(diagonal[i]);
    auto held = ln::Load(rhs + at) + (ln::Load(d + at) - below) * ln::Load(v + at);
    if (below_rhs) held = held + ln::Load(below_rhs + at);
    ln::Store(held, rhs + at);
  }
}

template <class T>
void resume(T* rhs, T* d, const T* v, const T* held_rhs, const T* held_d, const T* diagonal, int64_t first,
            int64_t last) {
  constexpr size_t L = ln::count<T>();
  for (int64_t i = first; i < last; ++i) {
    const size_t at = static_cast<size_t>(i) * L;
    const auto now = ln::Load(held_d + at);
    ln::Store(ln::Load(held_rhs + at) - (now - ln::Set<T>(diagonal[i])) * ln::Load(v + at), rhs + at);
    ln::Store(now, d + at);
  }
}

template <class T>
void take_drive(const CableArguments<T>& c, const Drive<T>& drive, const T* own_diagonal, int64_t nodes,
                const int32_t* neighbours, size_t how_many) {
  constexpr size_t L = ln::count<T>();
  for (int64_t i = 0; i < nodes; ++i) {
    const size_t at = static_cast<size_t>(i) * L;
    const auto none = ln::Set<T>(0);
    ln::Store(none, drive.start + at);
    ln::Store(ln::Load(c.rhs + at), drive.middle + at);
    ln::Store(ln::Load(c.d + at) + ln::Set<T>(own_diagonal[i]), drive.slope + at);
    ln::Store(ln::Load(c.v + at), drive.v_before + at);
  }
  for (size_t k = 0; k < how_many; ++k) {
    const int32_t i = neighbours[k];
    const size_t own = static_cast<size_t>(i) * L, parent = static_cast<size_t>(c.parent[i]) * L;
    const auto up = ln::Set<T>(c.to_parent[i]) * (ln::Load(c.v + own) - ln::Load(c.v + parent));
    ln::Store(ln::Load(drive.start + parent) + up, drive.start + parent);
  }
}

template <class T>
void drive(const CableArguments<T>& c, const Drive<T>& drive, int64_t nodes, T progress) {
  constexpr size_t L = ln::count<T>();
  for (int64_t i = 0; i < nodes; ++i) {
    const size_t at = static_cast<size_t>(i) * L;
    const auto start = ln::Load(drive.start + at), slope = ln::Load(drive.slope + at);
    const auto current = start + ln::Set<T>(2 * progress) * (ln::Load(drive.middle + at) - start) -
                         slope * (ln::Load(c.v + at) - ln::Load(drive.v_before + at));
    ln::Store(ln::Load(c.rhs + at) + current, c.rhs + at);
    ln::Store(ln::Load(c.d + at) + slope, c.d + at);
  }
}

template <class T>
void half_way(const CableArguments<T>& c, const Drive<T>& drive, int64_t nodes) {
  constexpr size_t L = ln::count<T>();
  for (int64_t i = 0; i < nodes; ++i) {
    const size_t at = static_cast<size_t>(i) * L;
    ln::Store(ln::Set<T>(static_cast<T>(0.5)) * (ln::Load(c.v + at) - ln::Load(drive.v_before + at)),
              c.rhs + at);
  }
}

template <class T>
void nernst(T* reversal_mV, const T* inside_mM, const T* outside_mM, const int32_t* node, int64_t first,
            int64_t last, T factor_mV) {
  constexpr size_t L = ln::count<T>();
  for (int64_t k = first; k < last; ++k) {
    const size_t at = static_cast<size_t>(node[k]) * L;
    ln::Store(
        ln::Set<T>(factor_mV) * ln::Log(ln::Divide(ln::Load(outside_mM + at), ln::Load(inside_mM + at))),
        reversal_mV + at);
  }
}

template <class T>
void follow(T* current, const T* slope, const T* dv, T sign, const int32_t* node, int64_t first,
            int64_t last) {
  constexpr size_t L = ln::count<T>();
  for (int64_t k = first; k < last; ++k) {
    const size_t at = static_cast<size_t>(node[k]) * L;
    ln::Store(ln::Load(current + at) + ln::Set<T>(sign) * ln::Load(slope + at) * ln::Load(dv + at),
              current + at);
  }
}

template <class T>
void gather(T* current, const T* held, const T* slope, const T* v, const int32_t* node, int64_t first,
            int64_t last) {
  constexpr size_t L = ln::count<T>();
  for (int64_t k = first; k < last; ++k) {
    const size_t at = static_cast<size_t>(node[k]) * L;
    auto sum = ln::Load(current + at) + ln::Load(held + at);
    if (slope) sum = sum + ln::Load(slope + at) * ln::Load(v + at);
    ln::Store(sum, current + at);
  }
}

template <class T>
void clear(T* a, T* b, const int32_t* node, int64_t first, int64_t last) {
  constexpr size_t L = ln::count<T>();
  for (int64_t k = first; k < last; ++k) {
    ln::Store(ln::Set<T>(0), a + static_cast<size_t>(node[k]) * L);
    if (b) ln::Store(ln::Set<T>(0), b + static_cast<size_t>(node[k]) * L);
  }
}

template <class T>
CableKernels<T> kernels() {
  return {.lanes = ln::count<T>(),
          .eliminate = &eliminate<T>,
          .substitute = &substitute<T>,
          .reset = &reset<T>,
          .hold = &hold<T>,
          .resume = &resume<T>,
          .take_drive = &take_drive<T>,
          .drive = &drive<T>,
          .half_way = &half_way<T>,
          .nernst = &nernst<T>,
          .follow = &follow<T>,
          .gather = &gather<T>,
          .clear = &clear<T>};
}
CableKernels<float> in_float() {
  return kernels<float>();
}
CableKernels<double> in_double() {
  return kernels<double>();
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace nt::simulate
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "mechanism/best_kernels.hpp"

namespace nt::simulate {
namespace {
NEURONTWIN_BEST(CableKernels)
}  // namespace
template <>
CableKernels<float> cable_kernels<float>() {
  return best<float>();
}
template <>
CableKernels<double> cable_kernels<double>() {
  return best<double>();
}
}  // namespace nt::simulate
#endif
