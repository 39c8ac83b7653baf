#pragma once
#include <memory>
#include <optional>
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
  /// All that the streams remember, each as Twin::Stream has it: [stream][number].
  virtual std::vector<float> states() const = 0;
  virtual void set_states(std::span<const float> states) = 0;
};

/// Whether there is device code for streams of the twin's kind.
bool has_device_stream(const TwinSpec& spec);
/// InputError where there is none.
void require_device_stream(const TwinSpec& spec);
/// Begins after silence, as Twin::Stream. InputError as above.
std::unique_ptr<DeviceStream> device_stream(Twin& twin, int64_t streams,
                                            std::shared_ptr<device::Device> device);

/// Streams of a twin by the CPU, or by a device where that is not null.
class StreamsOn {
 public:
  StreamsOn(Twin& twin, int64_t streams, std::shared_ptr<device::Device> device);
  /// As above.
  Outputs<float> advance(std::span<const int32_t> events, int64_t ms);
  std::vector<float> states() const;
  void set_states(std::span<const float> states);
  /// Of one stream.
  std::vector<float> state(int64_t stream) const;
  void set_state(int64_t stream, std::span<const float> state);
  int64_t streams() const { return streams_; }

 private:
  int64_t streams_;
  std::optional<Twin::Stream> on_cpu_;
  std::unique_ptr<DeviceStream> on_device_;
};

}  // namespace nt::twin
