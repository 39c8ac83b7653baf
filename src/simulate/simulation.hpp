#pragma once
#include "config/settings.hpp"
#include "device/device.hpp"
#include "simulate/cable.hpp"

namespace nt::simulate {

/// Part of what a result is known by. Raise it when the same neuron and input come to other numbers.
inline constexpr int kSimulateVersion = 2;

/// How the trials of a detailed neuron's data set are simulated. Reads [simulation].
struct SimulationSpec {
  CableSpec cable;
  Precision precision = Precision::in_float;
  /// What simulates them (docs/gpu.md): of one device or another a result is the same to rounding, so that it
  /// is no setting of a neuron's.
  device::Kind device = device::Kind::cpu;
};
SimulationSpec read_simulation(const config::Settings& settings);

}  // namespace nt::simulate
