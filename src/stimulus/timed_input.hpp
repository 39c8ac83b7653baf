#pragma once
#include "stimulus/stimulus.hpp"

namespace nt::stimulus {

/// Input spikes of one kind of synapse at any times, each with a weight of its own if there are any: what is
/// recorded elsewhere and replayed. In any order.
struct TimedEvents {
  std::vector<double> time_ms;
  std::vector<uint32_t> synapse;
  std::vector<double> weight;  // of each event, NaN: that of its synapse; empty: all NaN
};

struct TimedInput {
  TimedEvents excitatory, inhibitory;
  random::TrialKey draws = {};  // what the neuron's mechanisms draw from in this trial
};

/// The same spikes and draws, with the weight of their synapses.
TimedInput timed(const SynapticInput& input);
/// Each spike in the millisecond that it lies in, at most one of a synapse in each; what lies beyond 2^32 ms
/// is left out. InputError where spikes have weights of their own.
SynapticInput at_whole_ms(const TimedInput& input);

}  // namespace nt::stimulus
