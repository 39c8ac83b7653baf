#pragma once
#include <cstddef>
#include <cstdint>

namespace nt::simulate {

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

/// What the rest of the tree does to its first nodes, which take several steps while it takes one: the
/// current into each of them, mA/cm2, is `start` when the step begins and `middle` - `slope` * dV in its
/// middle, after dV there.
template <class T>
struct Drive {
  T *start, *middle, *slope, *v_before;
};

/// One vector's worth of loops over nodes, for the best instruction set of this machine. Nodes and rows count
/// from `first` to `last` - 1.
template <class T>
struct CableKernels {
  size_t lanes = 0;
  /// Eliminates the nodes from the leaves on, each into its parent; the node 0 stays.
  void (*eliminate)(const CableArguments<T>&, int64_t first, int64_t last) = nullptr;
  /// dV of the nodes, when those before `first` are known: adds it to V and leaves it in rhs.
  void (*substitute)(const CableArguments<T>&, int64_t first, int64_t last) = nullptr;
  /// rhs = 0 and d = `diagonal`[node].
  void (*reset)(T* rhs, T* d, const T* diagonal, int64_t first, int64_t last) = nullptr;
  /// Makes of rhs, the current at v, what it is at v = 0, if it follows d's growth over `below` (`diagonal`
  /// where that is null) and adds the same of the level below.
  void (*hold)(T* rhs, const T* d, const T* v, const T* below_rhs, const T* below_d, const T* diagonal,
               int64_t first, int64_t last) = nullptr;
  /// rhs and d at v of what has been held.
  void (*resume)(T* rhs, T* d, const T* v, const T* held_rhs, const T* held_d, const T* diagonal,
                 int64_t first, int64_t last) = nullptr;
  /// Takes a drive from the nodes 0 to `nodes`, into which the others have been eliminated; `neighbours` are
  /// those whose parent is among them.
  void (*take_drive)(const CableArguments<T>&, const Drive<T>&, const T* own_diagonal, int64_t nodes,
                     const int32_t* neighbours, size_t how_many) = nullptr;
  /// Adds the drive to rhs and d of the nodes 0 to `nodes`, at the middle of a small step, `progress` steps
  /// after the start of the big one.
  void (*drive)(const CableArguments<T>&, const Drive<T>&, int64_t nodes, T progress) = nullptr;
  /// Leaves half of what the drive's nodes have moved in rhs.
  void (*half_way)(const CableArguments<T>&, const Drive<T>&, int64_t nodes) = nullptr;
  /// Nernst: reversal[node] = factor_mV * log(outside[node] / inside[node]) for the listed nodes.
  void (*nernst)(T* reversal_mV, const T* inside_mM, const T* outside_mM, const int32_t* node, int64_t first,
                 int64_t last, T factor_mV) = nullptr;
  /// current[node] += sign * slope[node] * dv[node] for the listed nodes.
  void (*follow)(T* current, const T* slope, const T* dv, T sign, const int32_t* node, int64_t first,
                 int64_t last) = nullptr;
  /// current[node] += held[node] + slope[node] * v[node] for the listed nodes; without the slope where it is
  /// null.
  void (*gather)(T* current, const T* held, const T* slope, const T* v, const int32_t* node, int64_t first,
                 int64_t last) = nullptr;
  /// a[node] = 0 and, unless it is null, b[node] = 0 for the listed nodes.
  void (*clear)(T* a, T* b, const int32_t* node, int64_t first, int64_t last) = nullptr;
};

template <class T>
CableKernels<T> cable_kernels();

}  // namespace nt::simulate
