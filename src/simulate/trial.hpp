#pragma once
#include <vector>

#include "stimulus/stimulus.hpp"

namespace neurontwin {

/// One simulated trial: what went in and what came out.
struct Trial {
  SynapticInput input;
  std::vector<float> spike_times_ms;
  std::vector<float> soma_mV;   // at integer ms from 0
  std::vector<float> nexus_mV;  // the same, of a neuron that names a nexus
  /// [ms][component]: principal components of the dendrites' voltages, where these are asked for.
  std::vector<float> dendrites_pc;
};

}  // namespace neurontwin
