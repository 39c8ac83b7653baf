#pragma once
#include <optional>
#include <string>

#include "config/settings.hpp"

namespace nt::cell {

/// A leaky integrate-and-fire point neuron in 1 ms steps (Beniaguev et al. 2021, Fig. 1).
/// Each input spike adds a post-synaptic potential  weight exp(-t/tau), cut off after `kernel_ms`.
struct IntegrateAndFire {
  int excitatory_synapses = 80;
  int inhibitory_synapses = 20;
  double excitatory_weight_mV = 2;
  double inhibitory_weight_mV = -2;
  double membrane_time_constant_ms = 20;
  int kernel_ms = 141;
  double reset_mV = -75;
  double threshold_mV = -55;
  /// What is recorded as the voltage wherever it is above the threshold.
  double spike_mV = -54.9;

  int synapses() const { return excitatory_synapses + inhibitory_synapses; }
};

/// A neuron of two layers by construction (after Poirazi, Brannon and Mel 2003, Neuron 37:989), in 1 ms
/// steps: branches with a sigmoidal threshold of their own feed an integrate-and-fire soma. Synapses of
/// either kind are dealt out to the branches in turn: synapse s is on branch s modulo `branches`. In a branch
/// each input spike adds weight exp(-t/branch_time_constant) to its u, and it gives the soma
///   branch_output_mV (sigmoid((u - branch_threshold)/branch_slope) -
///   sigmoid(-branch_threshold/branch_slope))
/// in every ms, which then decays with the soma's own time constant.
struct TwoLayerNeuron {
  /// Synapses and weights are those on the branches; all else is the soma.
  IntegrateAndFire soma;
  int branches = 5;
  double branch_time_constant_ms = 5;
  double branch_threshold_mV = 5;
  double branch_slope_mV = 0.5;
  double branch_output_mV = 2;
};

/// What every kind of point neuron says of itself.
struct PointDescription {
  std::string words;  // what it is, in a few words
  int excitatory_synapses = 0, inhibitory_synapses = 0;
  std::optional<double> membrane_time_constant_ms = {};  // where a single one says how it forgets
};
PointDescription description_of(const IntegrateAndFire& cell);
PointDescription description_of(const TwoLayerNeuron& cell);

/// Read a cell description. InputError where it is wrong.
IntegrateAndFire read_cell(const config::Settings& settings);
TwoLayerNeuron read_two_layer_neuron(const config::Settings& settings);

}  // namespace nt::cell
