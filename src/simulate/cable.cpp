#include "simulate/cable.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>

#include "config/error.hpp"
#include "simulate/cable_advance.hpp"
#include "simulate/flush_subnormals.hpp"
#include "simulate/in_parallel.hpp"
#include "simulate/trial_recorder.hpp"
#include "simulate/unphysical_voltage.hpp"
#include "simulate/voltage_check.hpp"

namespace neurontwin {

std::vector<double> output_spikes(std::span<const float> v) {
  std::vector<double> times;
  for (size_t i = 1; i + 1 < v.size(); ++i)
    if (v[i] > -25 && v[i] > v[i - 1] && v[i] >= v[i + 1])
      times.push_back(static_cast<double>(i) * kSample_ms);
  return times;
}

template <class T>
struct CableSimulator<T>::State {
  CablePlan<T> plan;
  CableLanes<T> lanes;
  std::optional<QuantityRecorder<T>> quantities;

  State(const DetailedCell& cell, const CableSpec& spec)
      : plan(make_cable_plan<T>(cell, spec)), lanes(make_cable_lanes(plan)) {
    if (!spec.quantities.empty()) quantities.emplace(cell, spec.quantities, recorder_memory(plan, lanes));
  }

  std::vector<Recording> run(std::span<const TimedInput> inputs, int64_t duration_ms,
                             const CompartmentListener& listener) {
    try {
      return run_once(inputs, duration_ms, listener, /*check_every_step=*/false);
    } catch (const Disbelief&) {
      // The same again, with a look at every step, finds its source.
      return run_once(inputs, duration_ms, {}, /*check_every_step=*/true);
    }
  }

  std::vector<Recording> run_once(std::span<const TimedInput> inputs, int64_t duration_ms,
                                  const CompartmentListener& listener, bool check_every_step) {
    const FlushSubnormals flush;
    start(plan, lanes);
    auto queues = queue_events(plan, inputs, duration_ms);
    for (size_t z = 0; z < queues.size(); ++z) lanes.zones[z].events = std::move(queues[z]);
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
CableSimulator<T>::CableSimulator(const DetailedCell& cell, const CableSpec& spec)
    : state_(std::make_unique<State>(cell, spec)) {}
template <class T>
CableSimulator<T>::~CableSimulator() = default;
template <class T>
size_t CableSimulator<T>::lanes() const {
  return state_->plan.kernels.lanes;
}
template <class T>
std::vector<Recording> CableSimulator<T>::run(std::span<const SynapticInput> inputs, int64_t duration_ms,
                                              const CompartmentListener& listener) {
  std::vector<TimedInput> all;
  for (const auto& input : inputs) all.push_back(timed(input));
  return run(std::span<const TimedInput>(all), duration_ms, listener);
}
template <class T>
std::vector<Recording> CableSimulator<T>::run(std::span<const TimedInput> inputs, int64_t duration_ms,
                                              const CompartmentListener& listener) {
  if (inputs.size() > lanes()) fail_run("{} trials at once; at most {}", inputs.size(), lanes());
  return state_->run(inputs, duration_ms, listener);
}

namespace {

template <class T, class Input>
std::vector<Recording> in_batches(const DetailedCell& cell, const CableSpec& spec,
                                  std::span<const Input> inputs, int64_t duration_ms, int threads) {
  std::vector<Recording> recordings(inputs.size());
  std::atomic<size_t> next = 0;
  in_parallel(threads, [&](const std::atomic<bool>& failed) {
    CableSimulator<T> simulator(cell, spec);
    for (size_t first; !failed && (first = next.fetch_add(simulator.lanes())) < inputs.size();) {
      const auto some = inputs.subspan(first, std::min(simulator.lanes(), inputs.size() - first));
      try {
        auto batch = simulator.run(some, duration_ms);
        std::move(batch.begin(), batch.end(), recordings.begin() + static_cast<int64_t>(first));
      } catch (const UnphysicalVoltage& error) {
        throw UnphysicalVoltage(first + error.trial, error.description);
      }
    }
  });
  return recordings;
}

}  // namespace

std::vector<Recording> simulate_trials(const DetailedCell& cell, const CableSpec& spec, Precision precision,
                                       std::span<const SynapticInput> inputs, int64_t duration_ms,
                                       int threads) {
  return precision == Precision::in_float ? in_batches<float>(cell, spec, inputs, duration_ms, threads)
                                          : in_batches<double>(cell, spec, inputs, duration_ms, threads);
}

std::vector<Recording> simulate_trials(const DetailedCell& cell, const CableSpec& spec, Precision precision,
                                       std::span<const TimedInput> inputs, int64_t duration_ms, int threads) {
  return precision == Precision::in_float ? in_batches<float>(cell, spec, inputs, duration_ms, threads)
                                          : in_batches<double>(cell, spec, inputs, duration_ms, threads);
}

template class CableSimulator<float>;
template class CableSimulator<double>;

}  // namespace neurontwin
