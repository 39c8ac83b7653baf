#pragma once
#include <map>
#include <string>
#include <vector>

#include "cell/detailed.hpp"
#include "random/draw.hpp"

namespace nt::cell {

/// An ion in every compartment.
struct IonState {
  std::vector<double> inside_mM, outside_mM, reversal_mV;
};

/// An event that an instance sends to itself in INITIAL.
struct InitialEvent {
  size_t placement, instance;
  double time_ms, flag;
};

/// What a neuron starts from: the ions, and what the INITIAL blocks leave, and what is executed between them
/// and the first step.
struct InitialState {
  std::vector<std::vector<double>> stored;  // of each placement: [instance][stored variable]
  std::map<std::string, IonState> ions;     // by name
  std::vector<InitialEvent> events = {};
};

/// The streams that a placement's instances draw random numbers from: each instance has as many as its
/// mechanism has generators, one after the other from its own first. [placement]: that of the first instance.
std::vector<uint32_t> draw_streams(const DetailedCell& cell);

/// Whether the INITIAL of any mechanism draws, so that trials start apart.
bool draws_at_start(const DetailedCell& cell);

/// INITIAL of every mechanism in the order of evaluation, at the initial voltage; a concentration that one of
/// them writes is there for those after it, and so is the reversal potential that follows from it, as in
/// NEURON's finitialize. Then what Mechanism::start says. `trial`: what INITIAL draws from.
InitialState initial_state(const DetailedCell& cell, double dt_ms, const random::TrialKey& trial = {});

/// The values of all symbols of an instance that are fixed during a simulation with steps of `dt_ms`, and
/// those of v, the ions and the stored variables before it starts.
std::map<mechanism::Expr, double> known_values(const DetailedCell& cell, const Placement& placement,
                                               size_t instance, double dt_ms);

}  // namespace nt::cell
