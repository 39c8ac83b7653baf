#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace nt::evaluate {

inline constexpr size_t kGlmFilters = 8;
/// Spikes are taken so many at a time. What is missing at the end of a bin are spikes of channels after the
/// last, which have no weight.
inline constexpr uint32_t kGlmSpikesAtOnce = 4;

/// The spikes of one trial in the order of time: those of bin t are channel[first[t]] to
/// channel[first[t + 1] - 1], a multiple of kGlmSpikesAtOnce.
struct GlmEvents {
  std::vector<uint32_t> first;    // [ms + 1]
  std::vector<uint32_t> channel;  // [spike]
};
struct Spike {
  uint32_t ms, channel;
};
/// Spikes in any order, none of them after `duration_ms`, of so many channels.
GlmEvents glm_events(std::span<const Spike> spikes, size_t duration_ms, size_t channels);
/// Rows of weights and gradients that go with events: those after the last channel are zero, and to be ignored.
constexpr size_t glm_rows(size_t channels) { return channels + kGlmSpikesAtOnce; }
using GlmDecays = std::array<float, kGlmFilters>;  // of each filter, for one ms

/// value[t] = bias + sum over spikes of channel c in bins s <= t, and filters f, of
///            weight[c][f] decay[f]^(t - s).
/// With SIMD over the filters; weight: [glm_rows()][filter].
void glm_forward(const GlmEvents& events, const GlmDecays& decay, std::span<const float> weight, float bias,
                 std::span<float> value);

/// gradient[c][f] += sum over spikes of c in bins s, and over t >= s, of residual[t] decay[f]^(t - s): the
/// same filters, run backwards in time. gradient: [glm_rows()][filter].
void glm_backward(const GlmEvents& events, const GlmDecays& decay, std::span<const float> residual,
                  std::span<float> gradient);

}  // namespace nt::evaluate
