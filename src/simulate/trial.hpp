#pragma once
#include <vector>

#include "stimulus/stimulus.hpp"

namespace neurontwin {

/// One simulated trial: what went in and what came out.
struct Trial {
  SynapticInput input;
  std::vector<float> spike_times_ms;
  std::vector<float> soma_mV;  // at integer ms from 0
};

}  // namespace neurontwin
