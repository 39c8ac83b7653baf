#include "evaluate/compare_runs.hpp"

#include <algorithm>
#include <cmath>

#include "evaluate/detail/finer_scores.hpp"
#include "statistics/estimate.hpp"

namespace nt::evaluate {
namespace {

bool same_events(const dataset::EventsView& a, const dataset::EventsView& b) {
  return std::ranges::equal(a.time_ms, b.time_ms) && a.synapse.size() == b.synapse.size() &&
         std::equal(a.synapse.begin(), a.synapse.end(), b.synapse.begin());
}

ScoreDifference difference_of(const std::string& name, double a, double b, std::span<const double> of_a,
                              std::span<const double> of_b) {
  ScoreDifference d{.name = name, .a = a, .b = b};
  std::vector<double> drawn;
  for (size_t i = 0; i < of_a.size(); ++i)
    if (std::isfinite(of_b[i] - of_a[i])) drawn.push_back(of_b[i] - of_a[i]);
  const auto other = std::ranges::count_if(drawn, [&](double x) { return x * d.difference() <= 0; });
  d.other_sign_share = static_cast<double>(other) / static_cast<double>(drawn.size());
  const auto of_drawn = statistics::estimate(d.difference(), std::move(drawn));
  d.low = of_drawn.low;
  d.high = of_drawn.high;
  return d;
}

/// The twin's answers beside outputs in this form.
std::vector<TrialComparison> compare_in_form(twin::Twin& twin, const dataset::Split& split,
                                             const dataset::Labels& labels) {
  auto trials = compare(twin, split);
  for (size_t i = 0; i < trials.size(); ++i) {
    auto truth = truth_of(dataset::labelled(split.trial(i), labels));
    trials[i].spike = std::move(truth.spike);
    trials[i].soma_mV = std::move(truth.soma_mV);
  }
  return trials;
}

}  // namespace

ResampledScores resampled_scores(twin::Twin& twin, const dataset::Split& valid, const dataset::Split& test,
                                 const Scoring& scoring) {
  const auto trials = compare_in_form(twin, test, scoring.labels);
  const auto scored =
      score(compare_in_form(twin, valid, scoring.labels), trials, scoring.skip_ms, scoring.rate_per_bin);
  auto finer = finer_scores(trials, scored.thresholds, scoring.skip_ms, scoring.resamples, scoring.seed);
  ResampledScores all{metrics_of(scored), resampled_metrics(scored, scoring.resamples, scoring.seed)};
  all.values.insert(all.values.end(), finer.values.begin(), finer.values.end());
  all.resampled.merge(finer.resampled);
  return all;
}

std::vector<ScoreDifference> paired_differences(const ResampledScores& a, const ResampledScores& b) {
  std::vector<ScoreDifference> differences;
  for (const auto& [name, value] : a.values) {
    const auto other = std::ranges::find(b.values, name, &NamedMetrics::value_type::first);
    const auto of_a = a.resampled.find(name), of_b = b.resampled.find(name);
    if (other == b.values.end() || of_a == a.resampled.end() || of_b == b.resampled.end()) continue;
    if (of_a->second.size() != of_b->second.size())
      fail_run("{} resamples and {}: they are not of the same draws", of_a->second.size(),
               of_b->second.size());
    if (!std::isfinite(value) || !std::isfinite(other->second)) continue;
    differences.push_back(difference_of(name, value, other->second, of_a->second, of_b->second));
  }
  return differences;
}

std::string why_other_trials(const dataset::Split& a, const dataset::Split& b) {
  const auto &of_a = a.identity(), &of_b = b.identity();
  if (of_a.excitatory_synapses != of_b.excitatory_synapses ||
      of_a.inhibitory_synapses != of_b.inhibitory_synapses) {
    return fmt::format("{} excitatory and {} inhibitory synapses there, {} and {} here",
                       of_a.excitatory_synapses, of_a.inhibitory_synapses, of_b.excitatory_synapses,
                       of_b.inhibitory_synapses);
  }
  if (a.duration_ms() != b.duration_ms())
    return fmt::format("trials of {} ms there, of {} ms here", a.duration_ms(), b.duration_ms());
  if (a.trials() != b.trials()) return fmt::format("{} trials there, {} here", a.trials(), b.trials());
  for (size_t i = 0; i < a.trials(); ++i) {
    const auto of_one = a.trial(i), of_other = b.trial(i);
    if (!same_events(of_one.excitatory, of_other.excitatory) ||
        !same_events(of_one.inhibitory, of_other.inhibitory))
      return fmt::format("trial {} has other input spikes", i);
    if (!std::ranges::equal(of_one.spike_times_ms, of_other.spike_times_ms))
      return fmt::format("trial {} has the same input, but other output spikes", i);
    if (!std::ranges::equal(of_one.soma_mV, of_other.soma_mV))
      return fmt::format("trial {} has the same input, but another somatic voltage", i);
  }
  return "";
}

}  // namespace nt::evaluate
