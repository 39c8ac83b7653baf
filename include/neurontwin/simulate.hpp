#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "neurontwin/input.hpp"

/// A neuron and input spikes to voltages and output spikes.
namespace neurontwin {

enum class Scheme : uint8_t { backward_euler, crank_nicolson };
enum class Precision : uint8_t { in_float, in_double };

/// How detailed neurons are simulated, and what is recorded. Point neurons take steps of 1 ms in double.
struct SimulateOptions {
  double dt_ms = 0.025;
  Scheme scheme = Scheme::crank_nicolson;
  Precision precision = Precision::in_double;
  bool compartments = false;  // record the voltage of every compartment
  /// What else is recorded, by place and quantity: "soma.cai", "nexus.Ih.m", "apic[3](0.5).v"
  /// (docs/cells.md).
  std::vector<std::string> record = {};
  /// Of the random numbers that mechanisms draw, by the input's number: what the n-th trial draws is the same
  /// whatever the others are.
  uint64_t seed = 1;
  int threads = 0;  // 0: one for each core. The result does not depend on it
  Watcher watcher = {};
  /// "cpu" or "cuda": a GPU, which simulates detailed neurons, in float, and records voltages (docs/gpu.md).
  std::string device = "cpu";
};

/// A quantity that was asked for.
struct Recorded {
  std::string name, unit;
  std::vector<float> values;  // at whole milliseconds from 0
};

/// What one trial leaves.
struct Trial {
  std::vector<double> spike_times_ms;  // output spikes
  std::vector<float> soma_mV;          // at whole milliseconds from 0
  /// Of detailed neurons: the soma, and each recording site of the description ("nexus" among them), at
  /// multiples of 1/8 ms from 0.
  std::vector<float> soma_fine_mV;
  std::vector<Recorded> sites;
  std::vector<float> compartments_mV;  // [compartment][ms], where it was asked for
  std::vector<Recorded> recorded;      // in the order in which they were asked for
};

/// Simulates one trial for each input, side by side where the processor allows. The neuron starts at rest, as
/// its description says. InputError where an input or a quantity does not suit the neuron, or the device is
/// none or cannot do it; RunError where a voltage leaves what membranes have, or the watcher asks to stop.
std::vector<Trial> simulate(const Neuron& neuron, std::span<const Input> inputs, int64_t duration_ms,
                            const SimulateOptions& options = {});

/// Simulates one trial of a detailed neuron and writes it as an HDF5 file (docs/files.md, "One trial of a
/// detailed cell"). `duration_ms` 0: up to the second in which the last input spike lies. Returns the trial.
Trial simulate_to_file(const Neuron& neuron, const Input& input, int64_t duration_ms,
                       const SimulateOptions& options, const std::filesystem::path& out);

}  // namespace neurontwin
