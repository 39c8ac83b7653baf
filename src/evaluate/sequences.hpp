#pragma once
#include <vector>

#include "dataset/split.hpp"
#include "evaluate/metrics.hpp"
#include "ranks/ranks.hpp"
#include "simulate/simulation.hpp"
#include "stimulus/sequences.hpp"
#include "twin/twin.hpp"

namespace nt::evaluate {

/// The test by ordered sequences: one spike at each of some synapses of a detailed neuron at rest, nothing
/// else, in an inward, an outward and random orders. Reads [evaluate.sequences].
struct SequenceSpec {
  int64_t orders = 0;  // random ones; 0: no test
  int64_t interval_ms = 5;
  int64_t start_ms = 50;            // of silence before
  int64_t after_ms = 100;           // from the last spike to the end; the peak has to lie before
  std::vector<uint32_t> synapses;   // excitatory ones
  std::vector<double> distance_um;  // of each, along the tree from the soma

  int64_t duration_ms() const {
    return start_ms + (static_cast<int64_t>(synapses.size()) - 1) * interval_ms + after_ms;
  }
};
/// Without `synapses` all excitatory ones of the neuron are taken, if they are few. InputError where it is
/// wrong.
SequenceSpec read_sequences(const config::Settings& settings, const cell::Neuron& neuron);

/// Each of the sequences: first the inward one, then the outward one, then the random ones. Voltages are at
/// whole milliseconds, as the twin says them.
struct SequenceAnswers {
  double rest_mV = 0;                  // the soma's voltage when the first spike comes
  std::vector<double> directionality;  // see directionality()
  std::vector<double> peak_mV;         // of the soma
  std::vector<double> twin_peak_mV;    // of the twin, which is told the same spikes; empty: not asked
};
/// RunError where a peak lies at the end. For all ranks, to which the sequences are dealt out; rank 0 has the
/// answers.
SequenceAnswers simulate_sequences(const SequenceSpec& spec, const cell::Neuron& neuron,
                                   const simulate::SimulationSpec& simulation, uint64_t seed, int threads,
                                   const ranks::Ranks& ranks = *ranks::alone());

/// The highest somatic voltage that the twin says in each sequence.
std::vector<double> twin_peaks(twin::Twin& twin, const SequenceSpec& spec, uint64_t seed);

/// "sequences.*", correlations and errors over the random orders; intervals from a bootstrap over these.
/// Peaks of the inward and the outward sequence are above rest. A correlation with what is constant is left
/// out.
Metrics sequence_metrics(const SequenceAnswers& answers, int64_t resamples, uint64_t seed);

}  // namespace nt::evaluate
