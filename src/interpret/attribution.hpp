#pragma once
#include <nlohmann/json.hpp>

#include "interpret/moments.hpp"
#include "interpret/places.hpp"

namespace nt::interpret {

/// Integrated gradients (Sundararajan, Taly and Yan 2017, arXiv:1703.01365): what each input spike adds to
/// the log-odds of an output spike at one moment, on the straight way from silence to the input as it was.
/// All input spikes together add what sets the answer to the input apart from the answer to silence.
struct Attribution {
  std::vector<double> of_spike;  // of each event of the batch
  double total = 0;              // the twin's answer less its answer to silence
};
/// For each window of a batch of windows_at(). `steps`: of the midpoint rule along the way, which is walked
/// in the drive: it is linear in the spikes. For float and double.
template <class T>
std::vector<Attribution> attribute(twin::TwinOf<T>& twin, const dataset::WindowBatch& batch, int64_t steps);

struct AttributionSpec {
  int64_t spikes = 128;  // at most so many output spikes; 0: none
  int64_t steps = 16;
  int64_t away_ms = 20;  // silence has no output spike as near as this
};
/// Attributions before output spikes against those before matched silences (see matched_moments()): sums over
/// the sets of synapses and lags, as means over moments with 95 % intervals (bootstrap over moments); and of
/// every synapse.
/// {"spikes": 0} where the split has none.
nlohmann::ordered_json attribution_json(twin::Twin& twin, const dataset::Split& split,
                                        std::span<const SynapsePlace> places, const AttributionSpec& spec,
                                        uint64_t seed);

}  // namespace nt::interpret
