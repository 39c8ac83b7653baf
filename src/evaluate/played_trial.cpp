#include "evaluate/played_trial.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dataset/cell_table.hpp"
#include "dataset/event_support.hpp"
#include "evaluate/detail/input_of.hpp"
#include "evaluate/detail/spike_timing.hpp"
#include "evaluate/trial_score.hpp"
#include "simulate/simulator.hpp"

namespace nt::evaluate {
namespace {

uint8_t level_of(double mV) {
  const double level = 255 * (mV - kLowestPlayed_mV) / (kHighestPlayed_mV - kLowestPlayed_mV);
  return static_cast<uint8_t>(std::lround(std::clamp(level, 0.0, 255.0)));
}

/// Levels of all compartments' voltages, [sample][compartment], a sample every `step_ms`.
std::vector<uint8_t> simulated_levels(const cell::Neuron& neuron, const simulate::SimulationSpec& spec,
                                      const stimulus::SynapticInput& input, int64_t duration_ms,
                                      int64_t step_ms, const Watcher& watcher) {
  std::vector<uint8_t> levels;
  simulate::Simulator simulator(neuron, spec);
  simulator.run(std::span(&input, 1), duration_ms, [&](int64_t ms, std::span<const float> mV) {
    if (ms % step_ms == 0) std::ranges::transform(mV, std::back_inserter(levels), level_of);
    watcher.tell({"report", static_cast<double>(ms), static_cast<double>(duration_ms), "ms",
                  "a trial for the 3-D view"});
    watcher.stop_here_if_asked("making the report");
  });
  return levels;
}

/// The spikes of the neuron and of the twin in what is played of a trial.
Opening opening_in(const dataset::TrialView& trial, const twin::Prediction& predicted, double threshold) {
  const auto length =
      static_cast<size_t>(std::min(static_cast<int64_t>(predicted.spike_log_odds.size()), kMostPlayed_ms));
  const auto actual = truth_of(trial).spike_bins();
  const auto played = std::ranges::lower_bound(actual, static_cast<int64_t>(length)) - actual.begin();
  std::vector<int64_t> spikes;
  if (!std::isnan(threshold)) {
    std::vector<float> chances;
    for (const float log_odds : std::span(predicted.spike_log_odds).first(length))
      chances.push_back(static_cast<float>(probability(log_odds)));
    spikes = spikes_above(chances, static_cast<float>(threshold));
  }
  return opening_of(spikes, std::span(actual).first(played));
}

std::pair<size_t, Opening> trial_to_play(twin::Twin& twin, double threshold, const dataset::Split& test,
                                         const Watcher& watcher) {
  const auto spikes_of = dataset::event_support(test).spikes_of;
  const auto order = typical_trials(spikes_of);
  const auto opening = [&](size_t i) {
    return opening_in(test.trial(i), twin::predict_trial(twin, test, i), threshold);
  };
  for (const size_t i : order) {
    watcher.stop_here_if_asked("making the report");
    if (spikes_of[i] == 0) continue;
    if (const auto found = opening(i); found.is_hit) return {i, found};
  }
  return {order.front(), opening(order.front())};
}

}  // namespace

std::vector<size_t> typical_trials(std::span<const int64_t> spikes_of) {
  const double mean = static_cast<double>(std::accumulate(spikes_of.begin(), spikes_of.end(), int64_t{0})) /
                      static_cast<double>(spikes_of.size());
  const int64_t least = std::min<int64_t>(2, std::ranges::max(spikes_of));
  const auto distance = [&](size_t i) {
    const double from_mean = std::fabs(static_cast<double>(spikes_of[i]) - mean);
    return std::pair(spikes_of[i] < least, from_mean);
  };
  std::vector<size_t> order(spikes_of.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, distance);
  return order;
}

Opening opening_of(std::span<const int64_t> predicted_ms, std::span<const int64_t> actual_ms) {
  constexpr int64_t kSettled_ms = 500, kBefore_ms = 4, kTolerance_ms = 2;
  std::vector<int64_t> hits;
  for (const auto& [p, a] : matched_pairs(predicted_ms, actual_ms, kTolerance_ms))
    hits.push_back(std::min(predicted_ms[p], actual_ms[a]));
  const auto moments = hits.empty() ? actual_ms : std::span<const int64_t>(hits);
  if (moments.empty()) return {};
  const auto settled = std::ranges::find_if(moments, [&](int64_t t) { return t > kSettled_ms; });
  const int64_t moment = settled != moments.end() ? *settled : moments.front();
  return {std::max<int64_t>(moment - kBefore_ms, 0), !hits.empty()};
}

PlayedTrial played_trial(twin::Twin& twin, double threshold, const dataset::Split& test,
                         const cell::Neuron& neuron, const simulate::SimulationSpec& simulation,
                         const Watcher& watcher) {
  const auto [index, opening] = trial_to_play(twin, threshold, test, watcher);
  const auto trial = test.trial(index);
  const int64_t duration_ms = std::min(test.duration_ms(), kMostPlayed_ms);
  const auto predicted = twin::predict_trial(twin, test, index);
  const auto first = [&](const auto& voltage) {
    return std::vector<float>(voltage.begin(), voltage.begin() + duration_ms);
  };
  PlayedTrial played{.trial = index,
                     .duration_ms = duration_ms,
                     .opens_ms = opening.at_ms,
                     .input = input_of(trial, duration_ms),
                     .soma_mV = first(trial.soma_mV),
                     .predicted_soma_mV = first(predicted.soma_mV)};
  played.input.draws = random::trial_key(test.identity().seed, random::Stage::stimulus_test, index);
  for (const float t : trial.spike_times_ms)
    if (t < static_cast<float>(duration_ms)) played.spikes_ms.push_back(t);
  for (const float log_odds : first(predicted.spike_log_odds))
    played.predicted_spike_probability.push_back(static_cast<float>(probability(log_odds)));
  const auto compartments = static_cast<int64_t>(dataset::cell_table(neuron).section.size());
  played.step_ms = (compartments * duration_ms + kMostPlayedBytes - 1) / kMostPlayedBytes;
  played.levels = simulated_levels(neuron, simulation, played.input, duration_ms, played.step_ms, watcher);
  played.samples = std::ssize(played.levels) / compartments;
  return played;
}

}  // namespace nt::evaluate
