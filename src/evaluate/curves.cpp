#include "evaluate/detail/curves.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "evaluate/detail/input_of.hpp"
#include "evaluate/detail/spike_timing.hpp"

namespace nt::evaluate {
namespace {

constexpr int64_t kReach_ms = CrossCorrelation::kReach_ms;

/// Six significant digits, as curves.json has them; the peak and its width in metrics.json are of these.
double in_few_digits(double x) {
  return x == 0 || !std::isfinite(x) ? x : std::stod(fmt::format("{:.6g}", x));
}

/// Bins grouped by predicted probability, in equal steps of its logarithm: predicted against observed.
CalibrationCurve calibration(std::span<const TrialComparison> trials) {
  constexpr int kGroups = 24;
  constexpr double kLowest = -6;  // log10 of the probability
  std::vector<double> sum(kGroups, 0), spikes(kGroups, 0), bins(kGroups, 0);
  for (const auto& trial : trials) {
    for (size_t t = 0; t < trial.spike.size(); ++t) {
      const double p = probability(trial.spike_log_odds[t]);
      const double place = (std::log10(std::max(p, 1e-300)) - kLowest) / -kLowest * kGroups;
      const auto g = static_cast<size_t>(std::clamp(place, 0.0, kGroups - 1.0));
      sum[g] += p;
      spikes[g] += trial.spike[t];
      bins[g] += 1;
    }
  }
  CalibrationCurve curve;
  for (size_t g = 0; g < kGroups; ++g) {
    if (bins[g] == 0) continue;
    curve.predicted.push_back(sum[g] / bins[g]);
    curve.observed.push_back(spikes[g] / bins[g]);
    curve.bins.push_back(bins[g]);
  }
  return curve;
}

struct Histogram {
  double low, step;
  std::vector<int64_t> counts;
  Histogram(double low_, double high, size_t bins)
      : low(low_), step((high - low_) / static_cast<double>(bins)), counts(bins, 0) {}
  void add(double x) {
    const double place = (x - low) / step;
    if (place >= 0 && place < static_cast<double>(counts.size())) ++counts[static_cast<size_t>(place)];
  }
  std::vector<double> edges() const {
    std::vector<double> e;
    for (size_t i = 0; i <= counts.size(); ++i) e.push_back(low + step * static_cast<double>(i));
    return e;
  }
};

PairedHistogram interval_histogram(std::span<const TrialComparison> trials, float threshold) {
  Histogram actual(0, 500, 50), predicted(0, 500, 50);
  const auto add = [](Histogram& h, const std::vector<int64_t>& times) {
    for (size_t i = 1; i < times.size(); ++i) h.add(static_cast<double>(times[i] - times[i - 1]));
  };
  for (const auto& trial : trials) {
    add(actual, trial.spike_bins());
    add(predicted, spikes_above(trial.spike_log_odds, threshold));
  }
  return {actual.edges(), actual.counts, predicted.counts};
}

void add_rates(SpikeCurves& curves, std::span<const TrialComparison> trials) {
  for (const auto& trial : trials) {
    const double seconds = static_cast<double>(trial.duration_ms()) / 1000;
    double expected = 0;
    for (const float log_odds : trial.spike_log_odds) expected += probability(log_odds);
    curves.rate_hz.push_back(static_cast<double>(trial.spikes()) / seconds);
    curves.expected_rate_hz.push_back(expected / seconds);
  }
}

ExampleTrial example(const TrialComparison& trial, size_t index, const dataset::Split& test,
                     float threshold) {
  ExampleTrial example{.trial = index,
                       .input = input_of(test.trial(index), trial.duration_ms()),
                       .spikes_ms = trial.spike_bins(),
                       .predicted_spikes_ms = spikes_above(trial.spike_log_odds, threshold),
                       .soma_mV = trial.soma_mV,
                       .predicted_soma_mV = trial.predicted_soma_mV,
                       .spike_probability = {},
                       .threshold = probability(threshold)};
  for (const float log_odds : trial.spike_log_odds)
    example.spike_probability.push_back(static_cast<float>(probability(log_odds)));
  return example;
}

/// Trials to show: evenly placed in the upper half of the trials ordered by their number of spikes, the
/// busiest left out.
std::vector<size_t> examples_of(std::span<const TrialComparison> trials, size_t count) {
  std::vector<size_t> order(trials.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return trials[a].spikes() < trials[b].spikes(); });
  std::vector<size_t> chosen;
  for (size_t i = 0; i < std::min(count, order.size()); ++i) {
    const double quantile =
        0.9 - 0.4 * static_cast<double>(i) / static_cast<double>(std::max<size_t>(count, 2) - 1);
    chosen.push_back(order[static_cast<size_t>(quantile * static_cast<double>(order.size() - 1))]);
  }
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

RocPoints roc_points(const statistics::RankTable& table) {
  RocPoints points;
  for (const auto& point : statistics::roc_curve(table, 600)) {
    points.false_positive_rate.push_back(point.false_positive_rate);
    points.true_positive_rate.push_back(point.true_positive_rate);
    points.precision.push_back(point.precision);
  }
  return points;
}

std::vector<OperatingPoint> operating_points(const statistics::RankTable& table, const Thresholds& thresholds,
                                             const ScoreSums& total) {
  const auto exact = statistics::rank_metrics(table, thresholds.false_positive_rate);
  std::vector<OperatingPoint> points;
  for (size_t i = 0; i < thresholds.at_rate.size(); ++i) {
    points.push_back({.target_fpr = thresholds.false_positive_rate[i],
                      .threshold = probability(thresholds.at_rate[i]),
                      .tpr = total.hits[i] / total.spikes,
                      .fpr = total.false_alarms[i] / (total.bins - total.spikes),
                      .false_positives_per_s = total.false_alarms[i] / (total.bins / 1000),
                      .tpr_at_test_fpr = exact.tpr[i]});
  }
  return points;
}

}  // namespace

SpikeCurves spike_curves(const statistics::RankTable& table, std::span<const TrialComparison> trials,
                         const Thresholds& thresholds, const ScoreSums& total,
                         const CrossCorrelation& correlation) {
  SpikeCurves curves{.roc = roc_points(table),
                     .cross_correlation = correlation,
                     .calibration = calibration(trials),
                     .interval_ms = interval_histogram(trials, thresholds.spike),
                     .operating_points = operating_points(table, thresholds, total)};
  add_rates(curves, trials);
  return curves;
}

PairedHistogram voltage_histogram(std::span<const TrialComparison> trials) {
  float low = 0, high = -1000;
  for (const auto& trial : trials) {
    const auto [least, most] = std::minmax_element(trial.soma_mV.begin(), trial.soma_mV.end());
    low = std::min(low, *least);
    high = std::max(high, *most);
  }
  const double first = std::floor(low) - 2, last = std::ceil(high) + 2;
  const auto bins = static_cast<size_t>(std::clamp(2 * (last - first), 1.0, 400.0));
  Histogram actual(first, last, bins), predicted(first, last, bins);
  for (const auto& trial : trials) {
    for (const float v : trial.soma_mV) actual.add(v);
    for (const float v : trial.predicted_soma_mV) predicted.add(v);
  }
  return {actual.edges(), actual.counts, predicted.counts};
}

std::vector<ExampleTrial> example_trials(std::span<const TrialComparison> trials, const dataset::Split& test,
                                         float threshold, int64_t count) {
  std::vector<ExampleTrial> examples;
  for (const size_t i : examples_of(trials, static_cast<size_t>(count)))
    examples.push_back(example(trials[i], i, test, threshold));
  return examples;
}

TrialRates trial_rates(std::span<const std::pair<std::string, dataset::EventSupport>> splits) {
  constexpr int64_t kMostBins = 40;
  constexpr std::array<double, 7> kShares{0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
  int64_t most = 0;
  for (const auto& [name, support] : splits) most = std::max(most, std::ranges::max(support.spikes_of));
  // Bins of whole numbers of spikes: bins of round rates would hold now more, now fewer of them.
  const int64_t width = most / kMostBins + 1;
  const auto bins = static_cast<size_t>(most / width + 1);
  const auto& first = splits.front().second;
  const double trial_s = first.seconds() / static_cast<double>(first.trials());
  TrialRates rates{.spikes_per_bin = width,
                   .most_spikes = dataset::kPublishedMostSpikes,
                   .most_hz = static_cast<double>(dataset::kPublishedMostSpikes) / trial_s,
                   .share = {kShares.begin(), kShares.end()}};
  for (size_t i = 0; i <= bins; ++i)
    rates.edge_hz.push_back(static_cast<double>(static_cast<int64_t>(i) * width) / trial_s);
  for (const auto& [name, support] : splits) {
    std::vector<int64_t> counts(bins, 0);
    for (const auto n : support.spikes_of) ++counts[n / width];
    rates.splits.push_back({.name = name,
                            .trials = support.trials(),
                            .mean_hz = support.rate_hz(),
                            .quantile_hz = support.rate_quantiles_hz(kShares),
                            .counts = std::move(counts),
                            .trials_above_most = support.trials_above(dataset::kPublishedMostSpikes)});
  }
  return rates;
}

CrossCorrelation cross_correlation(std::span<const TrialComparison> trials, float threshold) {
  std::vector<int64_t> counts(2 * kReach_ms + 1, 0);
  double actual_spikes = 0, predicted_spikes = 0, bins = 0;
  for (const auto& trial : trials) {
    const auto predicted = spikes_above(trial.spike_log_odds, threshold);
    const auto actual = trial.spike_bins();
    add_cross_correlation(predicted, actual, kReach_ms, counts);
    actual_spikes += static_cast<double>(actual.size());
    predicted_spikes += static_cast<double>(predicted.size());
    bins += static_cast<double>(trial.spike.size());
  }
  CrossCorrelation correlation{{}, 1000 * predicted_spikes / bins, actual_spikes};
  for (const auto count : counts)
    correlation.predicted_rate_hz.push_back(
        in_few_digits(1000 * static_cast<double>(count) / std::max(actual_spikes, 1.0)));
  return correlation;
}

Metrics cross_correlation_metrics(const CrossCorrelation& correlation) {
  const auto& rate = correlation.predicted_rate_hz;
  const auto peak = std::max_element(rate.begin(), rate.end());
  const double spikes = correlation.spikes, by_chance = correlation.base_rate_hz * spikes / 1000;
  const double pairs = *peak * spikes / 1000;
  // The highest of a hundred lags of a Poisson process lies some three standard deviations above the mean.
  constexpr double kDeviations = 5;
  Metrics metrics;
  if (pairs < by_chance + kDeviations * std::sqrt(by_chance + 1)) {
    for (const auto* key : {"peak_lag_ms", "peak_hz", "width_ms"})
      metrics[fmt::format("spike.crosscorrelation_{}", key)] = nullptr;
    metrics["spike.crosscorrelation_note"] =
        fmt::format("no peak: {:.0f} pairs of spikes at the best lag, {:.1f} by chance", pairs, by_chance);
    return metrics;
  }
  const auto below_half = [&](double r) { return r < *peak / 2; };
  const auto after = std::find_if(peak, rate.end(), below_half);
  const auto before = std::find_if(std::make_reverse_iterator(peak + 1), rate.rend(), below_half);
  metrics["spike.crosscorrelation_peak_lag_ms"] = static_cast<double>(peak - rate.begin() - kReach_ms);
  metrics["spike.crosscorrelation_peak_hz"] = *peak;
  metrics["spike.crosscorrelation_width_ms"] = nullptr;
  if (after == rate.end() || before == rate.rend()) {
    metrics["spike.crosscorrelation_note"] = fmt::format("wider than the {} ms looked at", 2 * kReach_ms + 1);
  } else {
    metrics["spike.crosscorrelation_width_ms"] =
        static_cast<double>((after - peak) + (before - std::make_reverse_iterator(peak + 1)) - 1);
  }
  return metrics;
}

}  // namespace nt::evaluate
