#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "neurontwin/neuron.hpp"

namespace nt::cli {

/// neurontwin simulate CELL.toml [--replay INPUT.h5] --out OUT.h5
struct SimulateCell {
  std::filesystem::path cell, out;
  neurontwin::NeuronChoices choices;
  std::filesystem::path input;  // empty: none, as for a cell that electrodes drive
  double dt_ms = 0.025;
  std::string scheme = "crank-nicolson", precision = "double";
  uint64_t seed = 1;        // of what mechanisms draw
  int64_t duration_ms = 0;  // 0: the last input spike, rounded up to a second
};

void add_cell_options(CLI::App& app, SimulateCell& options);

/// Whether `simulate` is asked for one trial of a cell rather than for an experiment's data set. An option of
/// the one is refused with the other.
bool is_one_trial(const CLI::App& simulating, const std::filesystem::path& out);

/// Simulates one trial of a cell under the input spikes of a file, writes it, and prints how long that took.
void simulate_cell(const SimulateCell& options);

}  // namespace nt::cli
