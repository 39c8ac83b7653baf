#pragma once
#include <memory>

#include "cell/neuron.hpp"
#include "device/device.hpp"
#include "simulate/simulation.hpp"

namespace nt::simulate {

/// CableSimulator<float> on a device (docs/gpu.md): the same steps of the same trials, by device code. Trials
/// are side by side by the thousand; a millisecond of all is one launch, in which the device follows the
/// traces, and after which the host sees v.
class DeviceCableSimulator {
 public:
  /// InputError where a mechanism of the cell, or something that is to be recorded, cannot be had on a
  /// device, or where there is no compiler for the cell's device code. `cell` must outlive it.
  DeviceCableSimulator(const cell::DetailedCell& cell, const CableSpec& spec,
                       std::shared_ptr<device::Device> device);
  ~DeviceCableSimulator();

  size_t side_by_side() const;
  /// As CableSimulator::run.
  std::vector<Recording> run(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener = {});
  std::vector<Recording> run(std::span<const stimulus::SynapticInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The neuron as a device simulates it. InputError where it has no compartments, or double precision is asked
/// for: both are the CPU's alone.
const cell::DetailedCell& cell_for_device(const cell::Neuron& neuron, const SimulationSpec& spec);

}  // namespace nt::simulate
