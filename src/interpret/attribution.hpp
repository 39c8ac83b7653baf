#pragma once
#include <string>
#include <vector>

#include "interpret/moments.hpp"
#include "interpret/places.hpp"
#include "statistics/estimate.hpp"

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

/// What the input spikes of a set of synapses add, as a mean over moments.
struct SetAttribution {
  statistics::Estimate sum;    // 95 % interval from a bootstrap over moments
  std::vector<double> by_lag;  // the same, bin by bin of the lag
};

/// Attributions before output spikes against those before matched silences (see matched_moments()).
struct AttributionSummary {
  struct Set {
    SynapseSet set;
    SetAttribution before_spikes, before_silences;
  };

  int64_t spikes = 0;        // 0: the split has none, and nothing of what follows is there
  int64_t steps = 0;         // of the midpoint rule
  double largest_error = 0;  // of a moment's sum, by its total
  double mean_before_spikes = 0, mean_before_silences = 0;  // of the totals
  std::string note = {};  // what the user should know of the error; empty: nothing
  std::vector<int64_t> lag_ends_ms = {};
  std::vector<Set> sets = {};
  std::vector<double> synapses_before_spikes = {}, synapses_before_silences = {};  // [channel], means
};
AttributionSummary attribution_before_spikes(twin::Twin& twin, const dataset::Split& split,
                                             std::span<const SynapsePlace> places,
                                             const AttributionSpec& spec, uint64_t seed);

}  // namespace nt::interpret
