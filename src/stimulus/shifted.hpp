#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "stimulus/stimulus.hpp"

namespace nt::stimulus {

/// Synapses in groups that may be driven together: the number of each synapse's group, from 0 to count - 1.
struct SynapseClusters {
  int64_t count = 0;
  std::vector<int> of_excitatory, of_inhibitory;  // [synapse]
};

/// Which trials of a set. `half`: of any four that follow each other from a multiple of four on, two.
enum class WhichTrials : uint8_t { none, half, all };

/// How an input distribution is other than the training one. All of it are factors on the rates that the
/// training distribution draws, so that one thing can change while the rest stays as it was.
struct StimulusShift {
  double rate_factor = 1;  // on all rates

  /// This share of each synapse's expected input comes in bursts that all synapses of a pool share: a burst
  /// adds the same to their rates for burst_ms, and bursts begin at random (a Poisson process). The expected
  /// number of input spikes is the same.
  double burst_share = 0;
  double bursts_hz = 10;
  int64_t burst_ms = 5;

  /// Each trial drives from one to this share of the clusters, drawn anew: their synapses at so many times
  /// their rate, all others not at all. 0: every synapse has its rate.
  double driven_share = 0;
  double driven_factor = 1;
  SynapseClusters clusters;

  /// Rates are multiplied by 1 + depth sin(2 pi t / period + phase), period and phase drawn for each trial
  /// and common to all synapses.
  WhichTrials sinusoidal = WhichTrials::none;
  double period_low_ms = 15, period_high_ms = 300;
  double depth = 1;

  WhichTrials without_inhibition = WhichTrials::none;

  /// Stretches of input and of silence take turns, each from low to high ms long, and common to all synapses;
  /// in silence rates are multiplied by the factor. 0 ms: no silence.
  int64_t pause_low_ms = 0, pause_high_ms = 0;
  double pause_factor = 0;

  bool needs_clusters() const { return driven_share > 0; }
};

/// A set of trials drawn from another input distribution.
struct ShiftedSet {
  std::string name;   // "synchrony"
  std::string words;  // what is other, for people
  random::Stage stage;
  StimulusShift shift;  // without its clusters, which are the neuron's
};

/// The names of all sets that there are.
std::vector<std::string> shifted_set_names();

/// The sets that [evaluate.generalisation] names under `sets`, in that order, each with its parameters.
/// InputError where it is wrong.
std::vector<ShiftedSet> read_shifted_sets(const config::Settings& settings);

/// The sinusoid of a trial: what draw_factors multiplies the rates by. A period of 0 is none.
struct Sinusoid {
  double period_ms = 0, phase = 0;
};
Sinusoid draw_sinusoid(const StimulusShift& shift, uint64_t seed, random::Stage stage, uint64_t trial);

/// The factors of one trial: a pure function of its arguments.
RateFactors draw_factors(const StimulusShift& shift, const RandomRates& rates, uint64_t seed,
                         random::Stage stage, uint64_t trial, int64_t duration_ms);

/// All that determines a set's trials beside the training distribution, as TOML text; nothing where nothing
/// is other. Its clusters count as their number.
std::string determining_text(const StimulusShift& shift);

}  // namespace nt::stimulus
