#include "interpret/recorded_trials.hpp"

#include <algorithm>

#include "dataset/input_events.hpp"
#include "simulate/integrate_and_fire.hpp"

namespace neurontwin {
namespace {

/// As many trials for each thread as the widest SIMD unit has lanes; with every compartment's voltage, of
/// which the layer-5 cell's take 15 MB a trial, no more than fit into a GB.
constexpr size_t kTrialsPerThread = 16, kMostWithDendrites = 64;

std::vector<RecordedTrial> record_detailed(const DetailedCell& cell, const DatasetPlan& plan,
                                           const RecordingPlan& recording, std::vector<SynapticInput> inputs,
                                           int64_t duration_ms, int threads) {
  auto spec = plan.simulation.cable;
  spec.dendrites = recording.dendrites;
  spec.quantities.assign(recording.quantities.begin(), recording.quantities.end());
  auto recordings = simulate_trials(cell, spec, plan.simulation.precision, inputs, duration_ms, threads);
  std::vector<RecordedTrial> trials;
  for (size_t i = 0; i < inputs.size(); ++i) {
    auto& r = recordings[i];
    RecordedTrial trial{std::move(inputs[i]),
                        std::move(r.spike_times_ms),
                        {},
                        std::move(r.quantities),
                        std::move(r.dendrites_mV)};
    for (size_t k = 0; k < r.soma_mV.size(); k += 8) trial.soma_mV.push_back(r.soma_mV[k]);
    trials.push_back(std::move(trial));
  }
  return trials;
}

template <class Cell>
std::vector<RecordedTrial> record_point(const Cell& cell, const RecordingPlan& recording,
                                        std::vector<SynapticInput> inputs, int64_t duration_ms) {
  std::vector<RecordedTrial> trials;
  for (auto& input : inputs) {
    auto simulated = simulate(cell, std::move(input), duration_ms);
    RecordedTrial trial{std::move(simulated.input),
                        {simulated.spike_times_ms.begin(), simulated.spike_times_ms.end()},
                        simulated.soma_mV,
                        {},
                        {}};
    trial.quantities.assign(recording.quantities.size(), simulated.soma_mV);
    trials.push_back(std::move(trial));
  }
  return trials;
}

std::vector<SynapticInput> test_inputs(const DatasetPlan& plan, size_t first, size_t count) {
  std::vector<SynapticInput> inputs;
  for (size_t trial = first; trial < first + count; ++trial)
    inputs.push_back(draw_input(plan.stimulus, plan.seed, Stage::stimulus_test, trial, plan.data.trial_ms));
  return inputs;
}

}  // namespace

std::vector<RecordedTrial> record(const DatasetPlan& plan, const RecordingPlan& recording,
                                  std::vector<SynapticInput> inputs, int64_t duration_ms, int threads) {
  if (const auto* cell = std::get_if<DetailedCell>(&plan.cell))
    return record_detailed(*cell, plan, recording, std::move(inputs), duration_ms, threads);
  if (const auto* cell = std::get_if<TwoLayerNeuron>(&plan.cell))
    return record_point(*cell, recording, std::move(inputs), duration_ms);
  return record_point(std::get<IntegrateAndFire>(plan.cell), recording, std::move(inputs), duration_ms);
}

void for_each_recorded_trial(const DatasetPlan& plan, const RecordingPlan& recording, int threads,
                             const Watcher& watcher,
                             const std::function<void(size_t trial, const RecordedTrial&)>& take) {
  size_t at_once = kTrialsPerThread * static_cast<size_t>(threads);
  if (recording.dendrites) at_once = std::min(at_once, kMostWithDendrites);
  const auto tell = [&](size_t done) {
    watcher.tell(
        {recording.for_what, static_cast<double>(done), static_cast<double>(recording.trials), "trials", ""});
  };
  tell(0);
  for (size_t first = 0; first < recording.trials; first += at_once) {
    watcher.stop_here_if_asked("interpreting");
    auto inputs = test_inputs(plan, first, std::min(at_once, recording.trials - first));
    const auto trials = record(plan, recording, std::move(inputs), plan.data.trial_ms, threads);
    for (size_t i = 0; i < trials.size(); ++i) take(first + i, trials[i]);
    tell(first + trials.size());
  }
}

std::vector<int32_t> events_of(const SynapticInput& input, int64_t excitatory_synapses, int64_t history_ms) {
  return input_events(std::span(&input, 1), excitatory_synapses, history_ms);
}

}  // namespace neurontwin
