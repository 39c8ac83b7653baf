#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace neurontwin {

struct ReplayOptions {
  std::filesystem::path cell, out, morphology;
  std::vector<std::string> set;  // key=value over the cell's file
  std::filesystem::path input;   // empty: none, as for a cell that electrodes drive
  double dt_ms = 0.025;
  std::string scheme = "crank-nicolson", precision = "double", receptors;
  int64_t duration_ms = 0;  // 0: the last input spike, rounded up to a second
};

/// Simulates a cell under the input spikes of a file (read_replay_input(), one trial) and writes soma_mV,
/// nexus_mV and /sites/NAME at 1/8 ms, dendrites_mV [compartment, ms], spike_times_ms and /compartments as
/// HDF5.
void replay(const ReplayOptions& options);

}  // namespace neurontwin
