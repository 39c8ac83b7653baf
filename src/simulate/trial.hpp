#pragma once
#include <vector>

#include "stimulus/stimulus.hpp"

namespace nt::simulate {

/// One simulated trial: what went in and what came out.
struct Trial {
  stimulus::SynapticInput input;
  std::vector<float> spike_times_ms;
  std::vector<float> soma_mV;               // at integer ms from 0
  std::vector<std::vector<float>> signals;  // [ms][value] of each that its data set holds beside these
};

}  // namespace nt::simulate
