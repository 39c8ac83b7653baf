#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace nt::simulate {

/// The voltage of a recording site.
struct NamedTrace {
  std::string name;
  std::vector<float> mV;  // at multiples of 1/8 ms from 0, before the end
};

/// What a trial leaves, of any kind of neuron. Traces begin at 0 and end before the trial's end.
struct Recording {
  int64_t samples_per_ms = 8;                  // of soma_mV: 1 of point neurons
  std::vector<float> soma_mV, nexus_mV;        // nexus_mV: at multiples of 1/8 ms, where the cell names one
  std::vector<NamedTrace> sites;               // in the order of the cell's
  std::vector<float> dendrites_mV;             // [compartment][ms], all compartments
  std::vector<std::vector<float>> quantities;  // [quantity][ms], in the order in which they were asked for
  std::vector<double> spike_times_ms;          // output spikes
};

/// Told the voltage of every compartment, [trial][compartment], at each whole millisecond before the end; of
/// a point neuron that of its soma. May throw to stop the simulation.
using CompartmentListener = std::function<void(int64_t ms, std::span<const float> mV)>;

/// The samples at whole milliseconds of a trace with so many samples a ms.
std::vector<float> at_whole_ms(const std::vector<float>& trace, int64_t samples_per_ms);
/// Of the soma.
std::vector<float> soma_at_whole_ms(const Recording& recording);

}  // namespace nt::simulate
