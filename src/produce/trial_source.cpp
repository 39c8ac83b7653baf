#include "produce/trial_source.hpp"

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
    const auto shift = split.takes_breadth && !plan.breadth.members.empty()
                           ? draw_shift(plan.breadth, plan.seed, split.stage, trial)
                           : split.shift;
    const auto factors =
        draw_factors(shift, plan.stimulus, plan.seed, split.stage, trial, plan.data.trial_ms);
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

Trial trial_of(SynapticInput input, const Recording& recording) {
  Trial trial;
  trial.input = std::move(input);
  trial.spike_times_ms.assign(recording.spike_times_ms.begin(), recording.spike_times_ms.end());
  trial.soma_mV = at_whole_ms(recording.soma_mV);
  return trial;
}

/// What makes the signals of a detailed neuron, and where in a recording what is recorded for each lies.
struct DetailedSignals {
  std::span<const Signal> signals;
  std::span<const SignalMaker> makers;
  std::vector<size_t> first_quantity;
};

/// Has `spec` record what the makers need.
DetailedSignals recorded_by(CableSpec& spec, const DatasetPlan& plan, std::span<const SignalMaker> makers) {
  DetailedSignals all{plan.identity.signals, makers, {}};
  for (const auto& maker : makers) {
    all.first_quantity.push_back(spec.quantities.size());
    spec.quantities.insert(spec.quantities.end(), maker.quantities.begin(), maker.quantities.end());
  }
  return all;
}

template <class T>
std::vector<Trial> simulate_detailed(CableSimulator<T>& simulator, const DatasetPlan& plan,
                                     const DetailedSignals& signals, const SplitPlan& split, uint64_t first,
                                     size_t count, const Pace& pace) {
  auto inputs = draw_inputs(plan, split, first, count);
  const auto& makers = signals.makers;
  std::vector<std::vector<float>> values(count * makers.size());  // [trial][signal]
  for (size_t s = 0; s < makers.size(); ++s) {
    if (!makers[s].at_ms) continue;
    const auto of_trial = static_cast<size_t>(signals.signals[s].values_per_ms * plan.data.trial_ms);
    for (size_t i = 0; i < count; ++i) values[i * makers.size() + s].resize(of_trial);
  }
  const auto listen = [&](int64_t ms, std::span<const float> mV) {
    pace(static_cast<int64_t>(count));
    const size_t compartments = mV.size() / count;
    for (size_t s = 0; s < makers.size(); ++s) {
      if (!makers[s].at_ms) continue;
      const auto n = static_cast<size_t>(signals.signals[s].values_per_ms);
      for (size_t i = 0; i < count; ++i) {
        const std::span all(values[i * makers.size() + s]);
        makers[s].at_ms(mV.subspan(i * compartments, compartments),
                        all.subspan(static_cast<size_t>(ms) * n, n));
      }
    }
  };
  const auto recordings =
      named(split.name, first, [&] { return simulator.run(inputs, plan.data.trial_ms, listen); });
  std::vector<Trial> trials;
  for (size_t i = 0; i < count; ++i) {
    auto& trial = trials.emplace_back(trial_of(std::move(inputs[i]), recordings[i]));
    for (size_t s = 0; s < makers.size(); ++s) {
      auto& made = values[i * makers.size() + s];
      if (makers[s].from_recording) {
        const std::span quantities(recordings[i].quantities);
        made = makers[s].from_recording(
            recordings[i], quantities.subspan(signals.first_quantity[s], makers[s].quantities.size()));
      }
      trial.signals.push_back(std::move(made));
    }
  }
  return trials;
}

template <class T>
TrialSource detailed_source(const DatasetPlan& plan, std::span<const SignalMaker> makers) {
  const auto& cell = std::get<DetailedCell>(plan.cell);
  auto spec = plan.simulation.cable;
  const auto signals = recorded_by(spec, plan, makers);
  auto simulator = std::make_shared<CableSimulator<T>>(cell, spec);
  return {simulator->lanes(),
          [=, &plan](const SplitPlan& split, uint64_t first, size_t count, const Pace& pace) {
            return simulate_detailed(*simulator, plan, signals, split, first, count, pace);
          }};
}

template <class Cell>
TrialSource point_source(const DatasetPlan& plan, std::span<const SignalMaker> makers) {
  return {1, [=, &plan](const SplitPlan& split, uint64_t first, size_t count, const Pace& pace) {
            std::vector<Trial> trials;
            for (auto& input : draw_inputs(plan, split, first, count)) {
              auto& trial = trials.emplace_back(named(split.name, first + trials.size(), [&] {
                return simulate(std::get<Cell>(plan.cell), std::move(input), plan.data.trial_ms);
              }));
              for (const auto& maker : makers) trial.signals.push_back(maker.from_trial(trial));
              pace(plan.data.trial_ms);
            }
            return trials;
          }};
}

/// The moments of each of the trials [first, first + count) of the training stream, without breadth.
template <class T>
std::vector<VoltageMoments> moments_of(CableSimulator<T>& simulator, const DatasetPlan& plan, uint64_t first,
                                       size_t count, const Pace& pace) {
  const size_t compartments = std::get<DetailedCell>(plan.cell).geometry.compartments.size();
  std::vector<VoltageMoments> moments(count, VoltageMoments(compartments));
  auto train = splits_of(plan.data)[0];
  train.takes_breadth = false;
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

TrialSource trial_source(const DatasetPlan& plan, std::span<const SignalMaker> makers) {
  if (std::holds_alternative<IntegrateAndFire>(plan.cell))
    return point_source<IntegrateAndFire>(plan, makers);
  if (std::holds_alternative<TwoLayerNeuron>(plan.cell)) return point_source<TwoLayerNeuron>(plan, makers);
  return plan.simulation.precision == Precision::in_float ? detailed_source<float>(plan, makers)
                                                          : detailed_source<double>(plan, makers);
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
