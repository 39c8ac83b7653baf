#pragma once
#include <cstddef>
#include <cstdint>

#include "random/draw.hpp"

namespace nt::mechanism {

/// What a mechanism's kernel works on. Arrays of lanes are [row][lane], one trial per lane; T is float or
/// double.
template <class T>
struct KernelArguments {
  int64_t first = 0, last = 0;  // instances to work on
  const int32_t* node;          // of each instance: its row in v, rhs, d and the ion arrays
  const T* fixed;               // [instance][fixed expression], in the order of KernelLayout
  T* stored;                    // [instance][stored variable][lane]
  const T* v;                   // mV
  T* rhs;                       // mA/cm2, less the mechanism's current
  T* d;                         // S/cm2, plus its conductance
  T* const* ion;                // for each of ion_arrays(mechanism): [node][lane]
  T* const* ion_slope;          // the same for the derivative by v of the currents among them
  const T* const* table;  // for each table of the mechanism: from, intervals per unit, how many, entries
  const uint32_t* stream = nullptr;         // of each instance's first generator, where the mechanism draws
  const random::TrialKey* trial = nullptr;  // of each lane
  T t = 0;                     // ms: the middle of the step for a current, the time of v for the states
  int32_t* endless = nullptr;  // becomes 1 + the number of a loop that goes on and on
};

/// Of the blocks that have a moment of their own.
enum MomentName : uint8_t { kBeforeBreakpoint, kAfterSolve, kBeforeStep };

template <class T>
struct Kernels {
  size_t lanes = 0;
  // Adds the currents at v; where the stored variables do not depend on v, it takes these one step on after
  // that.
  void (*current)(const KernelArguments<T>&) = nullptr;
  // The stored variables by one step, the fast part and, where there is one, the slow.
  void (*advance[2])(const KernelArguments<T>&) = {nullptr, nullptr};
  // Blocks that have a moment of their own (Mechanism::before_breakpoint and so on), in the order of
  // MomentName.
  void (*moment[3])(const KernelArguments<T>&) = {nullptr, nullptr, nullptr};
};

/// The kernels of one mechanism for the best instruction set of this machine.
struct MechanismKernels {
  Kernels<float> in_float;
  Kernels<double> in_double;

  template <class T>
  const Kernels<T>& of() const {
    if constexpr (sizeof(T) == 4)
      return in_float;
    else
      return in_double;
  }
};

}  // namespace nt::mechanism
