#pragma once
#include <cstddef>
#include <cstdint>

namespace neurontwin {

/// The cable equation of a neuron, the same for all lanes; and its arrays [node][lane]. Nodes come after
/// their parents.
template <class T>
struct CableArguments {
  int64_t nodes = 0;
  const int32_t* parent = nullptr;
  const T* to_parent = nullptr;    // axial conductance per area of the parent, S/cm2
  const T* from_parent = nullptr;  // axial conductance per own area, S/cm2
  T* v = nullptr;                  // mV
  T* rhs = nullptr;                // mA/cm2: less the membrane currents
  T* d = nullptr;                  // S/cm2: membrane and axial conductances, capacitance per time step
  T gain = 1;                      // V += gain * dV: 1 for backward Euler, 2 for a half step carried on
};

/// One vector's worth of loops over nodes, for the best instruction set of this machine.
template <class T>
struct CableKernels {
  size_t lanes = 0;
  /// Solves the tree for dV and adds it to V; leaves dV in rhs.
  void (*solve)(const CableArguments<T>&) = nullptr;
  /// rhs = 0 and d = `diagonal`[node] for nodes first to last.
  void (*reset)(T* rhs, T* d, const T* diagonal, int64_t first, int64_t last) = nullptr;
  /// Nernst: reversal[node] = factor_mV * log(outside / inside[node]).
  void (*nernst)(T* reversal_mV, const T* inside_mM, const int32_t* node, int64_t first, int64_t last,
                 T factor_mV, T outside_mM) = nullptr;
  /// current[node] += slope[node] * dv[node] for the listed nodes.
  void (*follow)(T* current, const T* slope, const T* dv, const int32_t* node, int64_t nodes) = nullptr;
  /// array[node] = 0 for the listed nodes.
  void (*clear)(T* array, const int32_t* node, int64_t first, int64_t last) = nullptr;
};

template <class T>
CableKernels<T> cable_kernels();

}  // namespace neurontwin
