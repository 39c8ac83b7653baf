#pragma once
#include "device/device.hpp"
#include "twin/detail/recurrent_network.hpp"
#include "twin/detail/recurrent_training_code.hpp"

namespace nt::twin {

/// The passes of a recurrent twin on a device; what they begin with and end in is on the host, as of any
/// network. Same input, same bits.
class RecurrentDeviceNetwork final : public Network<float> {
 public:
  RecurrentDeviceNetwork(const RecurrentSpec& spec, const ParameterLayout& layout,
                         std::shared_ptr<device::Device> device);

  int64_t drive_ms(int64_t window_ms) const override { return spec_.history_ms + window_ms; }
  int64_t drive_width() const override { return spec_.wiring.branches; }
  void plan(int64_t windows, int64_t window_ms, bool backward) override;
  float* drive(const float* numbers, const SpikeWindows& input, const Parallel& parallel) override;
  float* drive_buffer() override;
  const float* above(float* numbers, NormBy norm, const Parallel& parallel) override;
  const float* above_backward(const float* numbers, float* feature_gradient, float* gradients,
                              const Parallel& parallel) override;
  void drive_backward(const float* numbers, const SpikeWindows& input, const float* drive_gradient,
                      float* gradients, const Parallel& parallel) override;
  std::vector<double> spike_gradients(const float* numbers, const SpikeWindows& input,
                                      std::span<const float> drive_gradient) const override {
    return on_cpu_.spike_gradients(numbers, input, drive_gradient);
  }
  std::vector<HiddenSignal<float>> hidden() const override;
  std::unique_ptr<NetworkStream<float>> stream(const float* numbers, int64_t streams,
                                               const Parallel& parallel) const override {
    return on_cpu_.stream(numbers, streams, parallel);
  }

 private:
  void upload_events(const SpikeWindows& input);
  void upload_weights(const float* numbers);
  device_code::DriveArguments drive_arguments() const;
  size_t drive_shared_bytes() const;
  size_t memory_shared_bytes(int further_floats) const;
  /// The sum over windows of what each has, [count].
  std::vector<float> added(const device::Array<float>& of_windows, int64_t count);

  RecurrentSpec spec_;
  int64_t synapse_, log_time_constant_;
  struct Matrix {
    int64_t from;                // in the twin's numbers
    int at, rows, columns, row;  // in the device's weights
  };
  std::vector<Matrix> matrices_;
  RecurrentNetwork<float> on_cpu_;
  std::shared_ptr<device::Device> device_;
  device_code::MemoryArguments memory_{};
  int64_t windows_ = 0, window_ms_ = 0;
  bool drive_is_on_host_ = false;
  std::vector<float> host_drive_, features_, sums_gradient_, weights_;
  // On the device.
  device::Array<int64_t> first_event_;
  device::Array<int32_t> event_, contact_branch_, contact_channel_, first_of_branch_, of_branch_;
  device::Array<float> branch_keep_, contact_weight_, all_weights_;
  device::Array<float> sums_, before_, decayed_, delta_, all_memory_;
  device::Array<float> memory_gradient_, all_sums_gradient_, gradient_, contact_gradient_, total_;
};

}  // namespace nt::twin
