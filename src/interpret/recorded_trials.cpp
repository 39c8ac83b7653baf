#include "interpret/detail/recorded_trials.hpp"

#include <algorithm>
#include <string>

#include "dataset/input_events.hpp"
#include "simulate/by_ranks.hpp"

namespace nt::interpret {
namespace {

/// As many trials for each thread as the widest SIMD unit has lanes; with every compartment's voltage, of
/// which the layer-5 cell's take 15 MB a trial, no more than fit into a GB.
constexpr size_t kTrialsPerThread = 16, kTrialsOnDevice = 1024, kMostWithDendrites = 64;

/// Of a device the states and currents that are recorded cannot be had.
bool on_device(const produce::DatasetPlan& plan, const RecordingPlan& recording) {
  return plan.simulation.device != device::Kind::cpu && recording.quantities.empty();
}

/// The same on all ranks, though other ones may have other threads.
size_t trials_at_once(const produce::DatasetPlan& plan, const RecordingPlan& recording, int threads,
                      const ranks::Ranks& ranks) {
  auto threads_of_first = std::to_string(threads);
  ranks.from_first(threads_of_first);
  const auto per_rank =
      on_device(plan, recording) ? kTrialsOnDevice : kTrialsPerThread * std::stoul(threads_of_first);
  const auto at_once = per_rank * static_cast<size_t>(ranks.size());
  return recording.dendrites ? std::min(at_once, kMostWithDendrites) : at_once;
}

std::vector<stimulus::SynapticInput> test_inputs(const produce::DatasetPlan& plan, size_t first,
                                                 size_t count) {
  std::vector<stimulus::SynapticInput> inputs;
  for (size_t trial = first; trial < first + count; ++trial)
    inputs.push_back(stimulus::draw_input(plan.stimulus, plan.seed, random::Stage::stimulus_test, trial,
                                          plan.data.trial_ms));
  return inputs;
}

}  // namespace

std::vector<RecordedTrial> record(const produce::DatasetPlan& plan, const RecordingPlan& recording,
                                  std::vector<stimulus::SynapticInput> inputs, int64_t duration_ms,
                                  int threads, const ranks::Ranks& ranks) {
  auto spec = plan.simulation;
  spec.cable.dendrites = recording.dendrites;
  spec.cable.quantities.assign(recording.quantities.begin(), recording.quantities.end());
  if (!on_device(plan, recording)) spec.device = device::Kind::cpu;
  auto recordings = simulate::simulate_by(ranks, plan.cell, spec, inputs, duration_ms, threads);
  std::vector<RecordedTrial> trials;
  for (size_t i = 0; i < recordings.size(); ++i) {
    auto& r = recordings[i];
    trials.push_back({std::move(inputs[i]), std::move(r.spike_times_ms), simulate::soma_at_whole_ms(r),
                      std::move(r.quantities), std::move(r.dendrites_mV)});
  }
  return trials;
}

void for_each_recorded(const produce::DatasetPlan& plan, const RecordingPlan& recording, int threads,
                       const Watcher& watcher,
                       const std::function<void(size_t first, std::span<const RecordedTrial>)>& take,
                       const ranks::Ranks& ranks) {
  const auto at_once = trials_at_once(plan, recording, threads, ranks);
  const auto tell = [&](size_t done) {
    watcher.tell(
        {recording.for_what, static_cast<double>(done), static_cast<double>(recording.trials), "trials", ""});
  };
  tell(0);
  for (size_t first = 0; first < recording.trials; first += at_once) {
    watcher.stop_here_if_asked("interpreting");
    auto inputs = test_inputs(plan, first, std::min(at_once, recording.trials - first));
    const auto trials = record(plan, recording, std::move(inputs), plan.data.trial_ms, threads, ranks);
    if (!trials.empty()) take(first, trials);
    tell(first + trials.size());
  }
}

std::vector<int32_t> events_of(const stimulus::SynapticInput& input, int64_t excitatory_synapses,
                               int64_t history_ms) {
  return dataset::input_events(std::span(&input, 1), excitatory_synapses, history_ms);
}

}  // namespace nt::interpret
