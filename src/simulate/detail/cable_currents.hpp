#pragma once
#include "simulate/detail/cable_lanes.hpp"

namespace nt::simulate {

/// Everything of a step of a zone but the tree: events, states, and the currents and conductances in
/// lanes.rhs and lanes.d of its nodes. Block of nodes by block, the slowest level first.
template <class T>
void evaluate_mechanisms(const CablePlan<T>& plan, CableLanes<T>& lanes, size_t zone, int64_t step);

/// After the voltage's step, whose dV is in lanes.rhs: the current of each ion whose concentration is updated
/// at every step, in the step's middle.
template <class T>
void follow_ion_currents(const CablePlan<T>& plan, CableLanes<T>& lanes, size_t zone);

}  // namespace nt::simulate
