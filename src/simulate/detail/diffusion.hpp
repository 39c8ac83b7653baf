#pragma once
#include <cstdint>
#include <vector>

#include "cell/detailed.hpp"
#include "morphology/compartments.hpp"

namespace nt::simulate {

/// LONGITUDINAL_DIFFUSION of one state in one placement: a backward Euler step of
///   volume_i x_i' = sum over neighbours j of constant_ij (x_j - x_i) / distance_ij / length_i
/// with `constant` in the middle of both, as NEURON's ldifus.cpp has it. The matrix does not change: its
/// elimination is done once. Compartments ascend; each comes after its parent.
struct Diffusion {
  size_t placement = 0;
  std::string state;
  std::vector<int32_t> parent;      // of each of the placement's compartments: one before it, or -1
  std::vector<double> share;        // of its right side that goes to its parent's
  std::vector<double> from_parent;  // of the parent's value, before it is divided by the diagonal
  std::vector<double> inverse;      // of the diagonal, over the step: 1 where nothing diffuses
};

/// Each compartment's neighbour toward the root among `compartments`, which ascend: a place in them, or -1.
/// At a section's beginning it is the compartment where the section hangs, at a parent's end its last.
std::vector<int32_t> diffusion_parents(const morphology::Compartments& geometry,
                                       const std::vector<int>& compartments);

/// Of all placements and states that diffuse. `step_ms`: of the plan. InputError where a mechanism that
/// diffuses stands twice in a compartment, or a volume is not above 0.
std::vector<Diffusion> diffusions_of(const cell::DetailedCell& cell, double step_ms);

/// One step; `value(i)` is the address of compartment i's value in the first of `lanes` trials.
template <class T, class Address>
void diffuse(const Diffusion& d, size_t lanes, const Address& value) {
  for (size_t i = d.parent.size(); i-- > 0;) {
    if (d.parent[i] < 0) continue;
    const T share = static_cast<T>(d.share[i]);
    const T* own = value(i);
    T* above = value(static_cast<size_t>(d.parent[i]));
    for (size_t lane = 0; lane < lanes; ++lane) above[lane] += share * own[lane];
  }
  for (size_t i = 0; i < d.parent.size(); ++i) {
    const T inverse = static_cast<T>(d.inverse[i]);
    T* own = value(i);
    const T from = static_cast<T>(d.from_parent[i]);
    const T* above = d.parent[i] < 0 ? own : value(static_cast<size_t>(d.parent[i]));
    for (size_t lane = 0; lane < lanes; ++lane) own[lane] = (own[lane] + from * above[lane]) * inverse;
  }
}

}  // namespace nt::simulate
