#pragma once
#include <map>
#include <string>
#include <vector>

#include "cell/detailed.hpp"

namespace nt::simulate {

/// An ion in every compartment.
struct IonState {
  std::vector<double> inside_mM, outside_mM, reversal_mV;
};

/// What a neuron starts from: the ions, and what the INITIAL blocks leave.
struct InitialState {
  std::vector<std::vector<double>> stored;  // of each placement: [instance][stored variable]
  std::map<std::string, IonState> ions;     // by name
};

/// INITIAL of every mechanism in the order of evaluation, at the initial voltage; a concentration that one of
/// them writes is there for those after it, and so is the reversal potential that follows from it, as in
/// NEURON's finitialize.
InitialState initial_state(const cell::DetailedCell& cell, double dt_ms);

/// The placement's instances change a concentration.
bool writes_concentration(const mechanism::Mechanism& mechanism);

}  // namespace nt::simulate
