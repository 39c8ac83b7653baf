#pragma once
#include <string>
#include <vector>

#include "interpret/response.hpp"
#include "produce/plan.hpp"
#include "ranks/ranks.hpp"
#include "twin/twin.hpp"

namespace nt::interpret {

/// The question that only a simulator can check: what does one more input spike do? Inputs as the data set's,
/// a stretch of each; the neuron is simulated with and without one added spike, and the twin is asked the
/// same.
struct AddedSpikeSpec {
  int64_t spikes = 96;      // added spikes; 0: none
  int64_t before_ms = 400;  // of input from rest, before the added spike
  int64_t after_ms = 120;   // for which answers are compared
};

/// An added spike that made no difference to the neuron's output spikes, and what it changed. [after_ms]
struct AddedSpike {
  int64_t channel = 0;
  std::vector<double> neuron_mV, twin_mV;  // with it, less without it
};
struct AddedSpikes {
  std::vector<AddedSpike> kept;
  int64_t left_out = 0;  // the neuron spiked while it was watched, with the added spike or without
};
/// Channels take turns over the sets of synapses (sets_by_part()), within a set at random. Voltages are
/// clipped as in the data (soma_ceiling_mV). For all ranks, to which what is simulated is dealt out; rank 0
/// has the spikes.
AddedSpikes add_spikes(twin::Twin& twin, const produce::DatasetPlan& plan,
                       std::span<const SynapsePlace> places, const AddedSpikeSpec& spec, int threads,
                       const ranks::Ranks& ranks = *ranks::alone());

/// The twin's changes beside the neuron's, over all ms and spikes; intervals from a bootstrap over spikes.
struct Agreement {
  int64_t spikes = 0;
  statistics::Estimate correlation = {}, slope = {};  // through the origin; NaN of too few spikes
  std::string note = {};                              // why there are none
};

struct AddedSpikeSummary {
  struct MeanChange {
    NotedShape noted;
    std::vector<double> mean_mV;  // [after_ms]
  };
  struct Set {
    SynapseSet set;
    Agreement agreement;
    MeanChange neuron, twin;
  };
  struct Change {
    int64_t channel = 0;
    NotedShape neuron, twin;  // their peaks in mV
  };

  Agreement all = {};
  int64_t left_out = 0;
  std::vector<Set> sets = {};  // those with an added spike
  std::vector<Change> each = {};
};
AddedSpikeSummary summarise(const AddedSpikes& added, std::span<const SynapsePlace> places, uint64_t seed);

}  // namespace nt::interpret
