#pragma once
#include "simulate/cable.hpp"

namespace nt::simulate {

/// What one trial leaves at every node of the cable equation.
struct ReferenceTrial {
  std::vector<std::vector<double>> v_mV;  // [step][compartment], after each step; the start is not among them
};

/// One trial, written down plainly: scalar double arithmetic, mechanisms read off their expression graphs,
/// the equation of the whole tree solved as one dense matrix. What the fast simulator is tested against; for
/// small cells and short times. All compartments take the same steps: `spec.root_steps` and `most_steps` are
/// not looked at.
ReferenceTrial simulate_reference(const cell::DetailedCell& cell, const CableSpec& spec,
                                  const stimulus::SynapticInput& input, int64_t steps);
ReferenceTrial simulate_reference(const cell::DetailedCell& cell, const CableSpec& spec,
                                  const stimulus::TimedInput& input, int64_t steps);

}  // namespace nt::simulate
