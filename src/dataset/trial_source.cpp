#include "dataset/trial_source.hpp"

#include <atomic>
#include <optional>

#include "simulate/in_parallel.hpp"
#include "simulate/integrate_and_fire.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace neurontwin {
namespace {

std::vector<SynapticInput> draw_inputs(const DatasetPlan& plan, const SplitPlan& split, uint64_t first,
                                       size_t count) {
  std::vector<SynapticInput> inputs;
  for (uint64_t trial = first; trial < first + count; ++trial) {
    const auto factors =
        draw_factors(split.shift, plan.stimulus, plan.seed, split.stage, trial, plan.data.trial_ms);
    inputs.push_back(draw_input(plan.stimulus, plan.seed, split.stage, trial, plan.data.trial_ms, factors));
  }
  return inputs;
}

/// Simulates trials from `first` on. A voltage that no membrane has is a RunError naming split and trial.
template <class Simulate>
auto named(const std::string& split, uint64_t first, Simulate&& simulate_some) {
  try {
    return simulate_some();
  } catch (const UnphysicalVoltage& error) {
    fail_run("{}, trial {}: {}", split, first + error.trial, error.description);
  }
}

/// The samples at whole milliseconds of a trace at 1/8 ms.
std::vector<float> at_whole_ms(const std::vector<float>& trace) {
  std::vector<float> samples;
  samples.reserve(trace.size() / 8);
  for (size_t i = 0; i < trace.size(); i += 8) samples.push_back(trace[i]);
  return samples;
}

Trial trial_of(SynapticInput input, const Recording& recording) {
  Trial trial;
  trial.input = std::move(input);
  trial.spike_times_ms.assign(recording.spike_times_ms.begin(), recording.spike_times_ms.end());
  trial.soma_mV = at_whole_ms(recording.soma_mV);
  trial.nexus_mV = at_whole_ms(recording.nexus_mV);
  return trial;
}

template <class T>
std::vector<Trial> simulate_detailed(CableSimulator<T>& simulator, const DatasetPlan& plan,
                                     const DendriticBasis* basis, const SplitPlan& split, uint64_t first,
                                     size_t count, const Pace& pace) {
  auto inputs = draw_inputs(plan, split, first, count);
  const size_t components = basis != nullptr ? basis->components() : 0;
  std::vector<std::vector<float>> dendrites_pc(count);
  for (auto& trial : dendrites_pc) trial.resize(components * static_cast<size_t>(plan.data.trial_ms));
  const auto listen = [&](int64_t ms, std::span<const float> mV) {
    pace(static_cast<int64_t>(count));
    if (basis == nullptr) return;
    const size_t compartments = mV.size() / count;
    for (size_t i = 0; i < count; ++i) {
      basis->project(mV.subspan(i * compartments, compartments),
                     std::span(dendrites_pc[i]).subspan(static_cast<size_t>(ms) * components, components));
    }
  };
  const auto recordings =
      named(split.name, first, [&] { return simulator.run(inputs, plan.data.trial_ms, listen); });
  std::vector<Trial> trials;
  for (size_t i = 0; i < count; ++i) {
    trials.push_back(trial_of(std::move(inputs[i]), recordings[i]));
    trials.back().dendrites_pc = std::move(dendrites_pc[i]);
  }
  return trials;
}

template <class T>
TrialSource detailed_source(const DatasetPlan& plan, const DendriticBasis* basis) {
  const auto& cell = std::get<DetailedCell>(plan.cell);
  auto simulator = std::make_shared<CableSimulator<T>>(cell, plan.simulation.cable);
  return {simulator->lanes(),
          [=, &plan](const SplitPlan& split, uint64_t first, size_t count, const Pace& pace) {
            return simulate_detailed(*simulator, plan, basis, split, first, count, pace);
          }};
}

template <class Cell>
TrialSource point_source(const DatasetPlan& plan) {
  return {1, [&plan](const SplitPlan& split, uint64_t first, size_t count, const Pace& pace) {
            std::vector<Trial> trials;
            for (auto& input : draw_inputs(plan, split, first, count)) {
              trials.push_back(named(split.name, first + trials.size(), [&] {
                return simulate(std::get<Cell>(plan.cell), std::move(input), plan.data.trial_ms);
              }));
              pace(plan.data.trial_ms);
            }
            return trials;
          }};
}

/// The moments of each of the trials [first, first + count) of the training stream.
template <class T>
std::vector<VoltageMoments> moments_of(CableSimulator<T>& simulator, const DatasetPlan& plan, uint64_t first,
                                       size_t count, const Pace& pace) {
  const size_t compartments = std::get<DetailedCell>(plan.cell).geometry.compartments.size();
  std::vector<VoltageMoments> moments(count, VoltageMoments(compartments));
  const auto train = splits_of(plan.data)[0];
  const auto inputs = draw_inputs(plan, train, first, count);
  const auto listen = [&](int64_t, std::span<const float> mV) {
    pace(static_cast<int64_t>(count));
    for (size_t i = 0; i < count; ++i) moments[i].add(mV.subspan(i * compartments, compartments));
  };
  named(train.name, first, [&] { return simulator.run(inputs, plan.data.trial_ms, listen); });
  return moments;
}

template <class T>
VoltageMoments moments_of_first(uint64_t trials, const DatasetPlan& plan, int threads, const Pace& pace) {
  const auto& cell = std::get<DetailedCell>(plan.cell);
  std::vector<std::optional<VoltageMoments>> of_trial(trials);
  std::atomic<uint64_t> next{0};
  in_parallel(threads, [&](const std::atomic<bool>& failed) {
    CableSimulator<T> simulator(cell, plan.simulation.cable);
    for (uint64_t first; !failed && (first = next.fetch_add(simulator.lanes())) < trials;) {
      auto batch =
          moments_of(simulator, plan, first, std::min<size_t>(simulator.lanes(), trials - first), pace);
      for (size_t i = 0; i < batch.size(); ++i) of_trial[first + i] = std::move(batch[i]);
    }
  });
  VoltageMoments all(cell.geometry.compartments.size());
  for (const auto& moments : of_trial) all.add(*moments);  // in the trials' order, whoever was first
  return all;
}

}  // namespace

TrialSource trial_source(const DatasetPlan& plan, const DendriticBasis* basis) {
  if (std::holds_alternative<IntegrateAndFire>(plan.cell)) return point_source<IntegrateAndFire>(plan);
  if (std::holds_alternative<TwoLayerNeuron>(plan.cell)) return point_source<TwoLayerNeuron>(plan);
  return plan.simulation.precision == Precision::in_float ? detailed_source<float>(plan, basis)
                                                          : detailed_source<double>(plan, basis);
}

VoltageMoments voltage_moments(const DatasetPlan& plan, int64_t trials, int threads, const Pace& pace) {
  const auto count = static_cast<uint64_t>(trials);
  return plan.simulation.precision == Precision::in_float
             ? moments_of_first<float>(count, plan, threads, pace)
             : moments_of_first<double>(count, plan, threads, pace);
}

DendriticBasis fit_dendritic_basis(const DatasetPlan& plan, int threads, const Pace& pace, int64_t& samples) {
  const auto moments = voltage_moments(plan, plan.data.dendritic_fit_trials, threads, pace);
  samples = static_cast<int64_t>(moments.samples());
  return fit_dendritic_basis(moments, plan.data.dendritic_components);
}

}  // namespace neurontwin
