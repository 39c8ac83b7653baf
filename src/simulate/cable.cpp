#include "simulate/cable.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>

#include "config/error.hpp"
#include "simulate/detail/cable_advance.hpp"
#include "simulate/detail/trial_recorder.hpp"
#include "simulate/detail/voltage_check.hpp"
#include "simulate/flush_subnormals.hpp"
#include "simulate/in_parallel.hpp"
#include "simulate/unphysical_voltage.hpp"

namespace nt::simulate {

std::vector<double> output_spikes(std::span<const float> v, double threshold_mV) {
  std::vector<double> times;
  for (size_t i = 1; i + 1 < v.size(); ++i)
    if (v[i] > threshold_mV && v[i] > v[i - 1] && v[i] >= v[i + 1])
      times.push_back(static_cast<double>(i) * kSample_ms);
  return times;
}

template <class T>
struct CableSimulator<T>::State {
  CablePlan<T> plan;
  CableLanes<T> lanes;
  std::optional<QuantityRecorder<T>> quantities;

  State(const cell::DetailedCell& cell, const CableSpec& spec)
      : plan(make_cable_plan<T>(cell, spec)), lanes(make_cable_lanes(plan)) {
    if (!spec.quantities.empty()) quantities.emplace(cell, spec.quantities, recorder_memory(plan, lanes));
  }

  std::vector<Recording> run(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener) {
    try {
      return run_once(inputs, duration_ms, listener, /*check_every_step=*/false);
    } catch (const Disbelief&) {
      // The same again, with a look at every step, finds its source.
      return run_once(inputs, duration_ms, {}, /*check_every_step=*/true);
    }
  }

  std::vector<Recording> run_once(std::span<const stimulus::TimedInput> inputs, int64_t duration_ms,
                                  const CompartmentListener& listener, bool check_every_step) {
    const FlushSubnormals flush;
    lanes.trials.assign(lanes.trials.size(), {});
    for (size_t lane = 0; lane < inputs.size(); ++lane) lanes.trials[lane] = inputs[lane].draws;
    start(plan, lanes);
    auto queues = queue_events(plan, inputs, duration_ms);
    for (size_t z = 0; z < queues.size(); ++z) lanes.zones[z].events.events = std::move(queues[z].events);
    VoltageCheck<T> check(plan, lanes, inputs.size(), check_every_step);
    TrialRecorder<T> recorder(plan, lanes, quantities ? &*quantities : nullptr, inputs.size(), duration_ms);
    const auto at_millisecond = [&](int64_t ms) {
      check.check(static_cast<double>(ms));
      recorder.at_millisecond(ms);
      if (listener && ms < duration_ms) listener(ms, recorder.compartments_mV());
    };
    const StepListener steps_of_zones{.before = [&](size_t zone) { recorder.before_step(zone); },
                                      .after =
                                          [&](size_t zone, double t_ms) {
                                            recorder.after_step(zone, t_ms);
                                            if (check.at_every_step()) check.check(t_ms);
                                          }};
    at_millisecond(0);
    const auto steps =
        static_cast<int64_t>(std::ceil(static_cast<double>(duration_ms) / plan.spec.dt_ms - 1e-9));
    int64_t next_ms = 1;
    for (int64_t step = 0; step < steps; ++step) {
      advance(plan, lanes, step, steps_of_zones);
      if (static_cast<double>(step + 1) * plan.spec.dt_ms > static_cast<double>(next_ms) - 1e-9)
        at_millisecond(next_ms++);
    }
    auto recordings = recorder.finish();
    check.check_traces(recordings);
    return recordings;
  }
};

template <class T>
CableSimulator<T>::CableSimulator(const cell::DetailedCell& cell, const CableSpec& spec)
    : state_(std::make_unique<State>(cell, spec)) {}
template <class T>
CableSimulator<T>::~CableSimulator() = default;
template <class T>
size_t CableSimulator<T>::lanes() const {
  return state_->plan.kernels.lanes;
}
template <class T>
std::vector<Recording> CableSimulator<T>::run(std::span<const stimulus::SynapticInput> inputs,
                                              int64_t duration_ms, const CompartmentListener& listener) {
  std::vector<stimulus::TimedInput> all;
  for (const auto& input : inputs) all.push_back(stimulus::timed(input));
  return run(std::span<const stimulus::TimedInput>(all), duration_ms, listener);
}
template <class T>
std::vector<Recording> CableSimulator<T>::run(std::span<const stimulus::TimedInput> inputs,
                                              int64_t duration_ms, const CompartmentListener& listener) {
  if (inputs.size() > lanes()) fail_run("{} trials at once; at most {}", inputs.size(), lanes());
  return state_->run(inputs, duration_ms, listener);
}

template class CableSimulator<float>;
template class CableSimulator<double>;

}  // namespace nt::simulate
