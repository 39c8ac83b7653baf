#pragma once
#include <vector>

#include "stimulus/stimulus.hpp"

namespace neurontwin {

/// One simulated trial: what went in and what came out.
struct Trial {
  SynapticInput input;
  std::vector<float> spike_times_ms;
  std::vector<float> soma_mV;               // at integer ms from 0
  std::vector<std::vector<float>> signals;  // [ms][value] of each that its data set holds beside these
};

}  // namespace neurontwin
