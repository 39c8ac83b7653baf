#pragma once
#include <memory>
#include <span>

#include "device/device.hpp"
#include "twin/twin.hpp"

namespace nt::twin {

/// Windows of input spikes in a device's memory. Copied there by any thread, while another one computes.
class DeviceInput {
 public:
  /// For windows of a twin of so many channels that looks back on so many ms. InputError where there is no
  /// such device.
  DeviceInput(device::Kind kind, int64_t channels, int64_t history_ms);
  void upload(const SpikeWindows& input);

  int64_t windows() const { return windows_; }
  int64_t window_ms() const { return window_ms_; }
  const int64_t* first_event() const { return first_event_.data(); }  // [window + 1]
  /// [event][channel, ms], of each window in the order of time; none outside of its window.
  const int32_t* event() const { return event_.data(); }
  /// The same of each channel, in the order of windows and time: [channel + 1], [event][window, ms].
  const int64_t* first_of_channel() const { return first_of_channel_.data(); }
  const int32_t* of_channel() const { return of_channel_.data(); }

 private:
  std::shared_ptr<device::Device> device_;
  int64_t channels_, history_ms_, windows_ = 0, window_ms_ = 0;
  device::Array<int64_t> first_event_, first_of_channel_;
  device::Array<int32_t> event_, of_channel_;
};

/// Passes of numbers that stay on the device from one training step to the next, as their gradients do.
class ResidentPasses {
 public:
  virtual ~ResidentPasses() = default;
  virtual const std::shared_ptr<device::Device>& device() const = 0;
  /// As the twin's layout says, [total] and [trained]. DevicePasses, too, works on these arrays, with what
  /// the host gives it.
  virtual device::Array<float>& numbers() = 0;
  virtual device::Array<float>& gradients() = 0;
  /// As DevicePasses, without the copies of them.
  virtual Outputs<float> forward(const DeviceInput& input, NormBy norm, bool backward) = 0;
  virtual void backward(const DeviceInput& input, std::span<const float> output_gradient) = 0;
};

/// A twin's passes by a device, from spikes to the heads' outputs and back to the gradients: to the rounding
/// of float those of the twin itself, and the same bits for the same input every time (docs/gpu.md).
class DevicePasses {
 public:
  virtual ~DevicePasses() = default;
  /// As TwinOf::forward(), of the twin's `numbers`: [window][ms][output], until the next call.
  virtual Outputs<float> forward(std::span<float> numbers, const DeviceInput& input, NormBy norm,
                                 bool backward) = 0;
  /// As TwinOf::backward(), after a forward() with `backward` of the same numbers and input.
  virtual void backward(std::span<const float> numbers, const DeviceInput& input,
                        std::span<const float> output_gradient, std::span<float> gradients) = 0;
  /// Of a kind whose numbers can stay on the device; null: they travel in each step.
  virtual ResidentPasses* resident() { return nullptr; }
};

/// Whether there is device code to train the twin's kind.
bool has_device_passes(const TwinSpec& spec);
/// InputError where there is none.
void require_device_passes(const TwinSpec& spec);
/// Of a twin as this one is. InputError as above.
std::unique_ptr<DevicePasses> device_passes(const Twin& twin, std::shared_ptr<device::Device> device);

}  // namespace nt::twin
