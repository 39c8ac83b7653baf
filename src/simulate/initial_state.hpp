#pragma once
#include <vector>

#include "cell/detailed.hpp"

namespace neurontwin {

/// What a neuron starts from: the ions, and what the INITIAL blocks leave.
struct InitialState {
  std::vector<std::vector<double>> stored;        // of each placement: [instance][stored variable]
  std::vector<double> calcium_inside_mM, eca_mV;  // of each compartment
};

/// INITIAL of every mechanism in the order of evaluation, at the initial voltage; a concentration that one of
/// them writes is there for those after it, and so is the reversal potential that follows from it, as in
/// NEURON's finitialize.
InitialState initial_state(const DetailedCell& cell, double dt_ms);

/// Whether the reversal potential of calcium follows Nernst in a compartment: where a mechanism reads or
/// writes one of its concentrations; elsewhere it is the description's.
std::vector<bool> has_calcium_concentration(const DetailedCell& cell);

/// The placement's instances change the concentration inside.
bool writes_concentration(const Mechanism& mechanism);

}  // namespace neurontwin
