#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace nt::twin {

/// Spikes as device code reads them: those of each stream together, in the order of time.
struct StreamEvents {
  std::vector<int64_t> first;  // of each stream, and the end
  std::vector<int32_t> event;  // [event][channel, ms]
};
/// Of events [n][3] (stream, channel, ms), sorted by stream.
StreamEvents stream_events(std::span<const int32_t> events, int64_t streams);

}  // namespace nt::twin
