#pragma once
#include "config/settings.hpp"

namespace neurontwin {

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

/// Reads a cell description. InputError where it is wrong.
IntegrateAndFire read_cell(const Settings& settings);

}  // namespace neurontwin
