#pragma once
#include <functional>

#include "produce/dendritic_basis.hpp"
#include "produce/plan.hpp"
#include "produce/signal_sources.hpp"

namespace nt::produce {

/// Told how many trial-milliseconds more are simulated. Throws to stop.
using Pace = std::function<void(int64_t trial_ms)>;

/// Simulates trials of a plan, up to `side_by_side` at once: [first, first + count) of a split. For one
/// thread.
struct TrialSource {
  size_t side_by_side = 1;
  std::function<std::vector<simulate::Trial>(const SplitPlan& split, uint64_t first, size_t count,
                                             const Pace& pace)>
      simulate;
};
/// `makers`: of the signals of plan.identity, in their order. Plan and makers must outlive the source.
TrialSource trial_source(const DatasetPlan& plan, std::span<const SignalMaker> makers);

/// Of the voltages of all compartments over the first `trials` of a detailed neuron's training stream,
/// whatever the size of the data set and without its breadth. The result does not depend on `threads`.
VoltageMoments voltage_moments(const DatasetPlan& plan, int64_t trials, int threads, const Pace& pace);

/// The basis of a plan: from the moments of its first dendritic_fit_trials.
DendriticBasis fit_dendritic_basis(const DatasetPlan& plan, int threads, const Pace& pace, int64_t& samples);

/// Mean and standard deviation of each quantity over the first `trials` of a detailed neuron's training
/// stream, without its breadth. The result does not depend on `threads`.
struct QuantityScale {
  double mean = 0, sd = 0;
};
std::vector<QuantityScale> quantity_scales(const DatasetPlan& plan,
                                           std::span<const simulate::Quantity> quantities, int64_t trials,
                                           int threads, const Pace& pace);

/// The output spikes of each of the first `trials` of a stage's stream, without breadth.
std::vector<int64_t> output_spike_counts(const DatasetPlan& plan, random::Stage stage, int64_t trials,
                                         int threads, const Pace& pace);

}  // namespace nt::produce
