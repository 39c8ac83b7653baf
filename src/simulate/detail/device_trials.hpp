#pragma once
#include <vector>

#include "simulate/detail/cable_lanes.hpp"
#include "simulate/detail/device_cell.hpp"
#include "stimulus/timed_input.hpp"

namespace nt::simulate {

/// Trials of a cell in a device's memory, and what the host has of them: their recordings.
class DeviceTrials {
 public:
  /// Puts them at 0 ms. Plan and cell must outlive it. InputError where an input names a synapse that is not
  /// there.
  DeviceTrials(const CablePlan<float>& plan, const DeviceCell& cell,
               const std::shared_ptr<device::Device>& device, std::span<const stimulus::TimedInput> inputs,
               int64_t duration_ms);

  int64_t tiles() const { return tiles_; }
  /// What a launch needs to know of them, but for its steps.
  void add_to(device_code::CableArguments& arguments);
  /// The samples that a launch has taken, whose last step ended at t_ms.
  void take_traces(double t_ms);
  /// Tells the listener v of all compartments, and records it. Throws Disbelief where the device found one
  /// that no membrane has.
  void at_millisecond(int64_t ms, const CompartmentListener& listener);
  std::vector<Recording> finish();

 private:
  /// Of one tile, in the order of queues and lanes, and how many each of these has.
  struct TileEvents {
    std::vector<device_code::EventCode> events;
    std::vector<int64_t> counts;
  };
  TileEvents events_of(int64_t tile, std::span<const stimulus::TimedInput> inputs) const;

  void start(std::span<const stimulus::TimedInput> inputs);
  void queue(const std::shared_ptr<device::Device>& device, std::span<const stimulus::TimedInput> inputs);
  void require_belief();
  std::vector<float> packed(const CableLanes<float>& lanes) const;

  const CablePlan<float>& plan_;
  const DeviceCell& cell_;
  int64_t trials_, duration_ms_, tiles_, taken_ = 1;  // samples of each trace
  device::Array<float> tile_, trace_;
  device::Array<int64_t> first_event_, next_event_;
  device::Array<device_code::EventCode> event_;
  device::Array<random::TrialKey> keys_;
  device::Array<int32_t> doubted_;
  std::vector<int32_t> doubts_;
  std::vector<float> v_, samples_, told_mV_;
  std::vector<std::vector<float>> traces_;  // [trial x probe]
  std::vector<Recording> recordings_;
};

}  // namespace nt::simulate
