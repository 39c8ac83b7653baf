#include "evaluate/detail/curves.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "evaluate/detail/spike_timing.hpp"

namespace nt::evaluate {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kReach_ms = 50;

/// Enough digits for a picture: six significant ones.
double short_number(double x) {
  return x == 0 || !std::isfinite(x) ? x : std::stod(fmt::format("{:.6g}", x));
}

Json short_numbers(std::span<const float> values, int digits) {
  auto out = Json::array();
  const double scale = std::pow(10.0, digits);
  for (const float v : values) out.push_back(std::round(v * scale) / scale);
  return out;
}

Json json_of(const CrossCorrelation& correlation) {
  Json lags = Json::array();
  for (int64_t lag = -kReach_ms; lag <= kReach_ms; ++lag) lags.push_back(lag);
  return {{"lag_ms", lags},
          {"predicted_rate_hz", correlation.predicted_rate_hz},
          {"base_rate_hz", correlation.base_rate_hz},
          {"spikes", correlation.spikes}};
}

/// Bins grouped by predicted probability, in equal steps of its logarithm: predicted against observed.
Json calibration(std::span<const TrialComparison> trials) {
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
  Json predicted = Json::array(), observed = Json::array(), counts = Json::array();
  for (size_t g = 0; g < kGroups; ++g) {
    if (bins[g] == 0) continue;
    predicted.push_back(short_number(sum[g] / bins[g]));
    observed.push_back(short_number(spikes[g] / bins[g]));
    counts.push_back(bins[g]);
  }
  return {{"predicted", predicted}, {"observed", observed}, {"bins", counts}};
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
  Json edges() const {
    Json e = Json::array();
    for (size_t i = 0; i <= counts.size(); ++i)
      e.push_back(short_number(low + step * static_cast<double>(i)));
    return e;
  }
};

Json isi_histogram(std::span<const TrialComparison> trials, float threshold) {
  Histogram actual(0, 500, 50), predicted(0, 500, 50);
  const auto add = [](Histogram& h, const std::vector<int64_t>& times) {
    for (size_t i = 1; i < times.size(); ++i) h.add(static_cast<double>(times[i] - times[i - 1]));
  };
  for (const auto& trial : trials) {
    add(actual, trial.spike_bins());
    add(predicted, spikes_above(trial.spike_log_odds, threshold));
  }
  return {{"edge_ms", actual.edges()}, {"true", actual.counts}, {"predicted", predicted.counts}};
}

Json voltage_histogram(std::span<const TrialComparison> trials) {
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
  return {{"edge_mV", actual.edges()}, {"true", actual.counts}, {"predicted", predicted.counts}};
}

Json rates(std::span<const TrialComparison> trials) {
  Json actual = Json::array(), predicted = Json::array();
  for (const auto& trial : trials) {
    const double seconds = static_cast<double>(trial.duration_ms()) / 1000;
    double expected = 0;
    for (const float log_odds : trial.spike_log_odds) expected += probability(log_odds);
    actual.push_back(short_number(static_cast<double>(trial.spikes()) / seconds));
    predicted.push_back(short_number(expected / seconds));
  }
  return {{"true_hz", actual}, {"predicted_hz", predicted}};
}

Json events_json(const dataset::EventsView& events) {
  return {{"synapse", std::vector<uint32_t>(events.synapse.begin(), events.synapse.end())},
          {"time_ms", std::vector<uint32_t>(events.time_ms.begin(), events.time_ms.end())}};
}

Json example(const TrialComparison& trial, size_t index, const dataset::Split& test, float threshold) {
  std::vector<float> probabilities;
  for (const float log_odds : trial.spike_log_odds)
    probabilities.push_back(static_cast<float>(probability(log_odds)));
  const auto input = test.trial(index);
  return {{"trial", index},
          {"duration_ms", trial.duration_ms()},
          {"excitatory", events_json(input.excitatory)},
          {"inhibitory", events_json(input.inhibitory)},
          {"true_spikes_ms", trial.spike_bins()},
          {"predicted_spikes_ms", spikes_above(trial.spike_log_odds, threshold)},
          {"soma_mV", short_numbers(trial.soma_mV, 2)},
          {"predicted_soma_mV", short_numbers(trial.predicted_soma_mV, 2)},
          {"spike_probability", short_numbers(probabilities, 4)},
          {"threshold", probability(threshold)}};
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

/// What there is to draw of spikes, if there are any.
void add_spike_curves(Json& curves, const statistics::RankTable& table,
                      std::span<const TrialComparison> trials, const Thresholds& thresholds,
                      const ScoreSums& total, const CrossCorrelation& correlation) {
  Json fpr = Json::array(), tpr = Json::array(), precision = Json::array();
  for (const auto& point : statistics::roc_curve(table, 600)) {
    fpr.push_back(short_number(point.false_positive_rate));
    tpr.push_back(short_number(point.true_positive_rate));
    precision.push_back(short_number(point.precision));
  }
  curves["roc"] = {{"fpr", fpr}, {"tpr", tpr}};
  curves["precision_recall"] = {{"recall", tpr}, {"precision", precision}};
  curves["cross_correlation"] = json_of(correlation);
  curves["calibration"] = calibration(trials);
  curves["isi"] = isi_histogram(trials, thresholds.spike);
  curves["rates"] = rates(trials);
  const auto exact = statistics::rank_metrics(table, thresholds.false_positive_rate);
  auto points = Json::array();
  for (size_t i = 0; i < thresholds.at_rate.size(); ++i) {
    points.push_back({{"target_fpr", thresholds.false_positive_rate[i]},
                      {"threshold", probability(thresholds.at_rate[i])},
                      {"tpr", total.hits[i] / total.spikes},
                      {"fpr", total.false_alarms[i] / (total.bins - total.spikes)},
                      {"false_positives_per_s", total.false_alarms[i] / (total.bins / 1000)},
                      {"tpr_at_test_fpr", exact.tpr[i]}});
  }
  curves["operating_points"] = points;
}

}  // namespace

Json curves_json(const statistics::RankTable& table, std::span<const TrialComparison> trials,
                 const Thresholds& thresholds, const ScoreSums& total, const CrossCorrelation& correlation,
                 const dataset::Split& test, const EvaluateSpec& spec) {
  Json curves;
  if (total.spikes > 0) add_spike_curves(curves, table, trials, thresholds, total, correlation);
  curves["voltage"] = voltage_histogram(trials);
  auto examples = Json::array();
  for (const size_t i : examples_of(trials, static_cast<size_t>(spec.examples))) {
    examples.push_back(example(trials[i], i, test, thresholds.spike));
  }
  curves["examples"] = examples;
  return curves;
}

Json trial_rates_json(std::span<const std::pair<std::string, dataset::EventSupport>> splits) {
  constexpr int64_t kMostBins = 40;
  constexpr std::array<double, 7> kShares{0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
  int64_t most = 0;
  for (const auto& [name, support] : splits) most = std::max(most, std::ranges::max(support.spikes_of));
  // Bins of whole numbers of spikes: bins of round rates would hold now more, now fewer of them.
  const int64_t width = most / kMostBins + 1;
  const auto bins = static_cast<size_t>(most / width + 1);
  const auto& first = splits.front().second;
  const double trial_s = first.seconds() / static_cast<double>(first.trials());
  Json rates;
  rates["spikes_per_bin"] = width;
  auto& edges = rates["edge_hz"] = Json::array();
  for (size_t i = 0; i <= bins; ++i)
    edges.push_back(short_number(static_cast<double>(static_cast<int64_t>(i) * width) / trial_s));
  rates["most_spikes"] = dataset::kPublishedMostSpikes;
  rates["most_hz"] = static_cast<double>(dataset::kPublishedMostSpikes) / trial_s;
  rates["share"] = kShares;
  for (const auto& [name, support] : splits) {
    std::vector<int64_t> counts(bins, 0);
    for (const auto n : support.spikes_of) ++counts[static_cast<size_t>(n / width)];
    rates["splits"][name] = {{"trials", support.trials()},
                             {"mean_hz", support.rate_hz()},
                             {"quantile_hz", support.rate_quantiles_hz(kShares)},
                             {"counts", counts},
                             {"trials_above_most", support.trials_above(dataset::kPublishedMostSpikes)}};
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
        short_number(1000 * static_cast<double>(count) / std::max(actual_spikes, 1.0)));
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
