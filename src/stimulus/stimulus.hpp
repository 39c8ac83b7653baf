#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "random/random.hpp"
#include "stimulus/group_input.hpp"

namespace nt::stimulus {

/// Part of what a result is known by. Raise it when the same settings and seed draw other spikes.
inline constexpr int kStimulusVersion = 1;

/// Input spikes of one kind of synapse in one trial, sorted by time, then synapse. At most one a synapse and
/// ms.
struct Events {
  std::vector<uint32_t> time_ms;
  std::vector<uint32_t> synapse;
};

struct SynapticInput {
  Events excitatory;
  Events inhibitory;
  random::TrialKey draws = {};  // what the neuron's mechanisms draw from in this trial
};

/// Synapses with a total of their own, and what each takes of it: the basal or the apical tree.
struct SynapsePool {
  std::string name;
  std::vector<int> excitatory, inhibitory;                 // numbers among their kind
  std::vector<double> excitatory_share, inhibitory_share;  // of these; each kind's sum is 1
  double excitatory_per_100ms_low = 0, excitatory_per_100ms_high = 50;
};

/// All synapses as one pool, shared equally.
SynapsePool one_pool(int excitatory_synapses, int inhibitory_synapses);

/// Slowly varying random rates (Beniaguev et al. 2021, Methods): in intervals of random length the total
/// excitation of a pool is uniform, inhibition follows it within a band, both are spread over its synapses
/// with random factors, smoothed by a Gaussian, and thinned to binary spikes at 1 ms.
struct RandomRates {
  int excitatory_synapses = 80;
  int inhibitory_synapses = 20;
  std::vector<SynapsePool> pools = {one_pool(80, 20)};
  /// Total inhibition is uniform from max(0, excitation - below) to excitation + above, then floored at
  /// almost none.
  double inhibition_below_excitation = 50;
  double inhibition_above_excitation = -15;
  double synapse_factor_low = 0.5;
  double synapse_factor_high = 1.5;
  std::vector<int64_t> interval_ms;
  int64_t interval_jitter_ms = 20;
  std::vector<int64_t> smoothing_sd_ms;
  int64_t smoothing_jitter_ms = 20;
  /// Groups with an input of another kind; their synapses have no share in their pool.
  std::vector<AssignedInput> groups = {};
  /// Where rates are to be scaled until the neuron fires as wanted, and by what they were: [synapse],
  /// excitatory first; empty: 1.
  std::optional<Calibration> calibration = {};
  std::vector<double> scale = {};
};

/// Reads [stimulus] for a neuron with these pools: excitatory_per_100ms holds for all of them, or a table
/// with a pool's name has its own. `groups`: the neuron's, of which `groups = { NAME = { kind, ... } }` gives
/// some an input of another kind; a neuron whose groups all have one needs no rates. InputError where it is
/// wrong.
RandomRates read_stimulus(const config::Settings& settings, std::vector<SynapsePool> pools,
                          std::vector<GroupSynapses> groups = {});

/// Factors on the rates that are drawn for one trial; none are 1.
struct RateFactors {
  std::vector<double> of_synapse;            // [synapse], excitatory first; empty: 1
  std::vector<std::vector<double>> of_pool;  // [pool][ms], for all synapses of the pool; empty: 1
  std::vector<double> of_groups = {};        // [ms], for groups with an input of another kind; empty: 1
};

/// The input of one trial: a pure function of its arguments.
SynapticInput draw_input(const RandomRates& rates, uint64_t seed, random::Stage stage, uint64_t trial,
                         int64_t duration_ms, const RateFactors& factors = {});

/// Input spikes per ms of a pool, each kind's over all its synapses.
struct PoolInput {
  double excitatory_per_ms = 0, inhibitory_per_ms = 0;
};

/// The mean of a pool's input over a trial's time and over all trials, from the definition, the sag at a
/// trial's ends included. That a synapse has at most one spike a ms is not: it counts from about 0.2 spikes a
/// ms and synapse on.
PoolInput mean_input(const RandomRates& rates, const SynapsePool& pool, int64_t duration_ms);

/// The expected number of spikes per synapse and ms of one trial, [synapse][ms], excitatory first: what
/// draw_input draws from. Written plainly from the definition; the reference for the tests.
std::vector<std::vector<double>> spike_probability_reference(const RandomRates& rates, uint64_t seed,
                                                             random::Stage stage, uint64_t trial,
                                                             int64_t duration_ms,
                                                             const RateFactors& factors = {});

}  // namespace nt::stimulus
