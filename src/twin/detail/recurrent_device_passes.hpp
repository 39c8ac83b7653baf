#pragma once
#include "twin/detail/heads_code.hpp"
#include "twin/detail/recurrent_packing.hpp"
#include "twin/detail/recurrent_training_code.hpp"
#include "twin/device_passes.hpp"

namespace nt::twin {

class RecurrentDevicePasses final : public DevicePasses {
 public:
  RecurrentDevicePasses(const RecurrentSpec& spec, std::span<const Head> heads, const ParameterLayout& layout,
                        std::shared_ptr<device::Device> device);

  Outputs<float> forward(std::span<float> numbers, const DeviceInput& input, NormBy norm,
                         bool backward) override;
  void backward(std::span<const float> numbers, const DeviceInput& input,
                std::span<const float> output_gradient, std::span<float> gradients) override;

 private:
  void keep_wiring(const RecurrentSpec& spec);
  void make_room(const DeviceInput& input, bool backward);
  /// Where everything lies now.
  void point_to_arrays(const DeviceInput& input);
  size_t memory_shared_bytes(int further_floats) const;
  size_t drive_shared_bytes() const;
  /// Of the packed weights and contacts.
  size_t packed_count() const { return static_cast<size_t>(packing_.shape().count() + packing_.contacts()); }

  RecurrentPacking packing_;
  std::shared_ptr<device::Device> device_;
  device_code::DriveArguments drive_{};
  device_code::MemoryArguments memory_{};
  device_code::HeadsArguments heads_{};
  std::vector<float> outputs_, sum_;
  // On the device.
  device::Array<int32_t> contact_branch_, contact_channel_, first_of_branch_, of_branch_;
  device::Array<float> branch_keep_, packed_, total_;
  device::Array<float> sums_, before_, decayed_, delta_, all_memory_, answer_;
  device::Array<float> answer_gradient_, memory_gradient_, sums_gradient_, gradient_;
};

}  // namespace nt::twin
