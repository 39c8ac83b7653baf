#pragma once
#include <filesystem>
#include <string>

#include "cell/neuron.hpp"
#include "simulate/recording.hpp"
#include "simulate/simulation.hpp"
#include "stimulus/timed_input.hpp"

namespace nt::run {

/// Simulates one trial of a cell and writes soma_mV, nexus_mV and /sites/NAME at 1/8 ms, dendrites_mV
/// [compartment, ms], spike_times_ms and /compartments as HDF5. `settings`: the cell's description, as text.
/// `duration_ms` 0: the last input spike, rounded up to a second. InputError where the recording does not fit
/// into memory.
simulate::Recording replay(const cell::Neuron& neuron, const std::string& settings,
                           const stimulus::TimedInput& input, int64_t duration_ms,
                           const simulate::SimulationSpec& spec, const std::filesystem::path& out);

}  // namespace nt::run
