#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "produce/plan.hpp"
#include "progress/watcher.hpp"
#include "ranks/ranks.hpp"

namespace nt::interpret {

/// A trial simulated anew with more recorded than a data set holds.
struct RecordedTrial {
  stimulus::SynapticInput input;
  std::vector<double> spike_times_ms;
  std::vector<float> soma_mV;                  // at whole milliseconds, not clipped
  std::vector<std::vector<float>> quantities;  // [quantity][ms]
  std::vector<float> dendrites_mV;             // [compartment][ms], where asked for
};

/// What is recorded, and of how many trials from the first of the test stream on.
struct RecordingPlan {
  std::span<const simulate::Quantity> quantities;  // of a point neuron "v" alone
  bool dendrites = false;
  size_t trials = 0;
  std::string for_what = "interpret";  // what the watcher is told
};

/// Simulates a neuron of any kind on these inputs, by the plan's device if that records what is asked for;
/// `recording.trials` does not matter. For all ranks, to which they are dealt out; rank 0 has the trials.
std::vector<RecordedTrial> record(const produce::DatasetPlan& plan, const RecordingPlan& recording,
                                  std::vector<stimulus::SynapticInput> inputs, int64_t duration_ms,
                                  int threads, const ranks::Ranks& ranks = *ranks::alone());

/// Hands over the trials in their order, those that were simulated together, the first of which is number
/// `first`; no more of them are in memory. RunError if the user stops it. For all ranks, to which they are
/// dealt out; `take` is called on rank 0.
void for_each_recorded(const produce::DatasetPlan& plan, const RecordingPlan& recording, int threads,
                       const Watcher& watcher,
                       const std::function<void(size_t first, std::span<const RecordedTrial>)>& take,
                       const ranks::Ranks& ranks = *ranks::alone());

/// The input as a twin takes it, one window after `history_ms` of silence: events [n][3].
std::vector<int32_t> events_of(const stimulus::SynapticInput& input, int64_t excitatory_synapses,
                               int64_t history_ms);

}  // namespace nt::interpret
