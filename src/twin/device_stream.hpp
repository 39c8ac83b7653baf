#pragma once
#include <memory>
#include <span>
#include <vector>

#include "device/device.hpp"
#include "twin/twin.hpp"

namespace nt::twin {

/// Twin::Stream on a device: the same answers to the rounding of float (docs/gpu.md). The twin must stay as
/// it was when the stream was made.
class DeviceStream {
 public:
  virtual ~DeviceStream() = default;
  /// The next ms of each stream: events [n][3] (stream, channel, ms from now), sorted by stream. Outputs
  /// [stream][ms][output], until the next call.
  virtual Outputs<float> advance(std::span<const int32_t> events, int64_t ms) = 0;
  /// As many ms more with the spikes of the last advance(), whose answers stay on the device: what the
  /// device's own part of the work costs. Returns when they are there.
  virtual void repeat() = 0;
  /// All that one of the streams remembers, as Twin::Stream has it.
  virtual std::vector<float> state(int64_t stream) const = 0;
  virtual void set_state(int64_t stream, std::span<const float> state) = 0;
};

/// Begins after silence, as Twin::Stream. InputError where the twin's kind has no device code.
std::unique_ptr<DeviceStream> device_stream(Twin& twin, int64_t streams,
                                            std::shared_ptr<device::Device> device);

}  // namespace nt::twin
