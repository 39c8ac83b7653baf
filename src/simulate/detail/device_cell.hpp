#pragma once
#include <vector>

#include "device/device.hpp"
#include "simulate/detail/cable_module.hpp"
#include "simulate/detail/step_program.hpp"

namespace nt::simulate {

/// A cell in a device's memory: all that is the same in all trials.
class DeviceCell {
 public:
  /// The plan is one of kLanes lanes and must outlive it. InputError where something of the cell cannot be
  /// had on a device.
  DeviceCell(const CablePlan<float>& plan, const std::shared_ptr<device::Device>& device);

  const device::KernelCode& kernel() const { return module_.module->kernel; }
  const TileLayout& layout() const { return layout_; }
  const StepProgram& program() const { return program_; }
  /// Compartments whose voltage is traced: the soma, the nexus (or any), the sites.
  const std::vector<int>& probes() const { return probes_; }
  int32_t probe_node(size_t probe) const {
    return plan_.tree.order.node_of[static_cast<size_t>(probes_[probe])];
  }
  int32_t queues() const;
  /// What trials have in common.
  device_code::CableArguments arguments() const;

 private:
  template <class T>
  const T* kept(const std::vector<T>& values);
  void add_group(const Group<float>& group, int32_t stored);
  void add_probes();

  const CablePlan<float>& plan_;
  std::shared_ptr<device::Device> device_;
  std::vector<int> probes_;
  TileLayout layout_;
  StepProgram program_;
  CableModule module_;
  std::vector<device::Array<std::byte>> memory_;
  std::vector<device_code::GroupCode> groups_;
  device_code::CableArguments arguments_{};
};

}  // namespace nt::simulate
