#include "produce/trial_source.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <optional>

#include "simulate/in_parallel.hpp"
#include "simulate/simulator.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::produce {
namespace {

std::vector<stimulus::SynapticInput> draw_inputs(const DatasetPlan& plan, const SplitPlan& split,
                                                 uint64_t first, size_t count) {
  std::vector<stimulus::SynapticInput> inputs;
  for (uint64_t trial = first; trial < first + count; ++trial) {
    const auto shift = split.takes_breadth && !plan.breadth.members.empty()
                           ? stimulus::draw_shift(plan.breadth, plan.seed, split.stage, trial)
                           : split.shift;
    const auto factors =
        stimulus::draw_factors(shift, plan.stimulus, plan.seed, split.stage, trial, plan.data.trial_ms);
    inputs.push_back(
        stimulus::draw_input(plan.stimulus, plan.seed, split.stage, trial, plan.data.trial_ms, factors));
  }
  return inputs;
}

/// Simulates trials from `first` on. A voltage that no membrane has is a RunError naming split and trial.
template <class Simulate>
auto named(const std::string& split, uint64_t first, Simulate&& simulate_some) {
  try {
    return simulate_some();
  } catch (const simulate::UnphysicalVoltage& error) {
    fail_run("{}, trial {}: {}", split, first + error.trial, error.description);
  }
}

simulate::Trial trial_of(stimulus::SynapticInput input, const simulate::Recording& recording) {
  simulate::Trial trial;
  trial.input = std::move(input);
  trial.spike_times_ms.assign(recording.spike_times_ms.begin(), recording.spike_times_ms.end());
  trial.soma_mV = simulate::soma_at_whole_ms(recording);
  return trial;
}

/// What makes the signals of a data set, and where in a recording what is recorded for each lies.
struct RecordedSignals {
  std::span<const dataset::Signal> signals;
  std::span<const SignalMaker> makers;
  std::vector<size_t> first_quantity;
};

/// Has `spec` record what the makers need.
RecordedSignals recorded_by(simulate::CableSpec& spec, const DatasetPlan& plan,
                            std::span<const SignalMaker> makers) {
  RecordedSignals all{plan.identity.signals, makers, {}};
  for (const auto& maker : makers) {
    all.first_quantity.push_back(spec.quantities.size());
    spec.quantities.insert(spec.quantities.end(), maker.quantities.begin(), maker.quantities.end());
  }
  return all;
}

std::vector<simulate::Trial> simulate_some(simulate::Simulator& simulator, const DatasetPlan& plan,
                                           const RecordedSignals& signals, const SplitPlan& split,
                                           uint64_t first, size_t count, const Pace& pace) {
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
  const auto recordings = named(split.name, first, [&] {
    return simulator.run(std::span<const stimulus::SynapticInput>(inputs), plan.data.trial_ms, listen);
  });
  std::vector<simulate::Trial> trials;
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

/// A stage's trials as the training distribution draws them, without breadth.
SplitPlan plain_split(const DatasetPlan& plan, random::Stage stage) {
  auto split = splits_of(plan.data)[0];
  split.stage = stage;
  split.takes_breadth = false;
  return split;
}

/// What is fitted to trials comes out the same wherever the data set is simulated.
simulate::SimulationSpec on_cpu(simulate::SimulationSpec spec) {
  spec.device = device::Kind::cpu;
  return spec;
}

/// The moments of each of the trials [first, first + count) of the training stream, without breadth.
std::vector<VoltageMoments> moments_of(simulate::Simulator& simulator, const DatasetPlan& plan,
                                       uint64_t first, size_t count, const Pace& pace) {
  const size_t compartments = cell::compartmental(plan.cell)->geometry.compartments.size();
  std::vector<VoltageMoments> moments(count, VoltageMoments(compartments));
  const auto train = plain_split(plan, random::Stage::stimulus_train);
  const auto inputs = draw_inputs(plan, train, first, count);
  const auto listen = [&](int64_t, std::span<const float> mV) {
    pace(static_cast<int64_t>(count));
    for (size_t i = 0; i < count; ++i) moments[i].add(mV.subspan(i * compartments, compartments));
  };
  named(train.name, first, [&] { return simulator.run(inputs, plan.data.trial_ms, listen); });
  return moments;
}

/// Simulates the first `trials` of a stage's stream on threads; `take`(trial, recording) is called once for
/// each, by any thread.
template <class Take>
void for_each_recording(const DatasetPlan& plan, const simulate::SimulationSpec& spec, random::Stage stage,
                        int64_t trials, int threads, const Pace& pace, Take&& take) {
  const auto wanted = static_cast<uint64_t>(trials);
  const auto split = plain_split(plan, stage);
  std::atomic<uint64_t> next{0};
  simulate::in_parallel(threads, [&](const std::atomic<bool>& failed) {
    simulate::Simulator simulator(plan.cell, spec);
    const auto at_once = simulator.side_by_side();
    for (uint64_t first; !failed && (first = next.fetch_add(at_once)) < wanted;) {
      const auto count = std::min<size_t>(at_once, wanted - first);
      const auto inputs = draw_inputs(plan, split, first, count);
      const auto listen = [&](int64_t, std::span<const float>) { pace(static_cast<int64_t>(count)); };
      const auto recordings =
          named(split.name, first, [&] { return simulator.run(inputs, plan.data.trial_ms, listen); });
      for (size_t i = 0; i < count; ++i) take(first + i, recordings[i]);
    }
  });
}

}  // namespace

TrialSource trial_source(const DatasetPlan& plan, std::span<const SignalMaker> makers) {
  auto spec = plan.simulation;
  const auto signals = recorded_by(spec.cable, plan, makers);
  const auto simulator = std::make_shared<simulate::Simulator>(plan.cell, spec);
  return {simulator->side_by_side(),
          [=, &plan](const SplitPlan& split, uint64_t first, size_t count, const Pace& pace) {
            return simulate_some(*simulator, plan, signals, split, first, count, pace);
          }};
}

VoltageMoments voltage_moments(const DatasetPlan& plan, int64_t trials, int threads, const Pace& pace) {
  const auto wanted = static_cast<uint64_t>(trials);
  std::vector<std::optional<VoltageMoments>> of_trial(wanted);
  std::atomic<uint64_t> next{0};
  simulate::in_parallel(threads, [&](const std::atomic<bool>& failed) {
    simulate::Simulator simulator(plan.cell, on_cpu(plan.simulation));
    const auto at_once = simulator.side_by_side();
    for (uint64_t first; !failed && (first = next.fetch_add(at_once)) < wanted;) {
      auto batch = moments_of(simulator, plan, first, std::min<size_t>(at_once, wanted - first), pace);
      for (size_t i = 0; i < batch.size(); ++i) of_trial[first + i] = std::move(batch[i]);
    }
  });
  VoltageMoments all(cell::compartmental(plan.cell)->geometry.compartments.size());
  for (const auto& moments : of_trial) all.add(*moments);  // in the trials' order, whoever was first
  return all;
}

DendriticBasis fit_dendritic_basis(const DatasetPlan& plan, int threads, const Pace& pace, int64_t& samples) {
  const auto moments = voltage_moments(plan, plan.data.dendritic_fit_trials, threads, pace);
  samples = static_cast<int64_t>(moments.samples());
  return fit_dendritic_basis(moments, plan.data.dendritic_components);
}

std::vector<QuantityScale> quantity_scales(const DatasetPlan& plan,
                                           std::span<const simulate::Quantity> quantities, int64_t trials,
                                           int threads, const Pace& pace) {
  struct Sums {
    double values = 0, squares = 0;
  };
  auto spec = on_cpu(plan.simulation);
  spec.cable.quantities.assign(quantities.begin(), quantities.end());
  const auto n = quantities.size();
  std::vector<Sums> of_trial(static_cast<size_t>(trials) * n);  // [trial][quantity]
  const auto train = random::Stage::stimulus_train;
  std::vector<double> first(n);  // sums are of the distance from the first trial's first values
  for_each_recording(
      plan, spec, train, 1, 1, [](int64_t) {},
      [&](uint64_t, const simulate::Recording& r) {
        for (size_t q = 0; q < n; ++q) first[q] = r.quantities[q].front();
      });
  for_each_recording(plan, spec, train, trials, threads, pace,
                     [&](uint64_t trial, const simulate::Recording& recording) {
                       for (size_t q = 0; q < n; ++q) {
                         auto& sums = of_trial[trial * n + q];
                         for (const float value : recording.quantities[q]) {
                           const double x = static_cast<double>(value) - first[q];
                           sums.values += x;
                           sums.squares += x * x;
                         }
                       }
                     });
  const auto samples = static_cast<double>(trials * plan.data.trial_ms);
  std::vector<QuantityScale> scales(n);
  for (size_t q = 0; q < n; ++q) {
    Sums all;
    for (size_t t = 0; t < static_cast<size_t>(trials); ++t) {
      all.values += of_trial[t * n + q].values;
      all.squares += of_trial[t * n + q].squares;
    }
    const double mean = all.values / samples;
    scales[q] = {first[q] + mean, std::sqrt(std::max(0.0, all.squares / samples - mean * mean))};
  }
  return scales;
}

std::vector<int64_t> output_spike_counts(const DatasetPlan& plan, random::Stage stage, int64_t trials,
                                         int threads, const Pace& pace) {
  std::vector<int64_t> counts(trials);
  for_each_recording(plan, on_cpu(plan.simulation), stage, trials, threads, pace,
                     [&](uint64_t trial, const simulate::Recording& recording) {
                       counts[trial] = std::ssize(recording.spike_times_ms);
                     });
  return counts;
}

}  // namespace nt::produce
