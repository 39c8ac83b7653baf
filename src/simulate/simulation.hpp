#pragma once
#include "config/settings.hpp"
#include "simulate/cable.hpp"

namespace nt::simulate {

/// Part of what a result is known by. Raise it when the same neuron and input come to other numbers.
inline constexpr int kSimulateVersion = 2;

/// How the trials of a detailed neuron's data set are simulated. Reads [simulation].
struct SimulationSpec {
  CableSpec cable;
  Precision precision = Precision::in_float;
};
SimulationSpec read_simulation(const config::Settings& settings);

}  // namespace nt::simulate
