#include "evaluate/detail/finer_scores.hpp"

#include "evaluate/detail/rate_bins.hpp"
#include "evaluate/detail/voltage_bands.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::evaluate {
namespace {

void append(FinerScores& scores, NamedMetrics values, ResampledMetrics resampled) {
  scores.values.insert(scores.values.end(), values.begin(), values.end());
  scores.resampled.merge(resampled);
}

void add_bands(FinerScores& scores, std::span<const TrialComparison> trials, int64_t skip_ms,
               std::span<const float> weight, size_t draws) {
  std::vector<BandSums> sums;
  BandSums total;
  const auto skip = static_cast<size_t>(skip_ms);
  for (const auto& trial : trials) {
    sums.push_back(
        band_sums(std::span(trial.soma_mV).subspan(skip), std::span(trial.predicted_soma_mV).subspan(skip)));
    total.add(sums.back(), 1);
  }
  ResampledMetrics resampled;
  statistics::for_each_resample(std::span<const BandSums>(sums), weight, draws, [&](const BandSums& drawn) {
    for (const auto& [name, value] : band_metrics(drawn)) resampled[name].push_back(value);
  });
  append(scores, band_metrics(total), std::move(resampled));
}

}  // namespace

FinerScores finer_scores(std::span<const TrialComparison> trials, const Thresholds& thresholds,
                         int64_t skip_ms, int64_t resamples, uint64_t seed) {
  const auto draws = static_cast<size_t>(resamples);
  const auto weight = statistics::resampling_weights(trials.size(), draws, seed);
  FinerScores scores;
  auto calibration = calibration_scores(trials, skip_ms, weight, draws);
  append(scores, std::move(calibration.values), std::move(calibration.resampled));
  scores.calibration_groups = std::move(calibration.groups);
  add_bands(scores, trials, skip_ms, weight, draws);
  auto by_rate = rate_bin_scores(trials, thresholds, skip_ms, weight, draws);
  append(scores, std::move(by_rate.values), std::move(by_rate.resampled));
  return scores;
}

void put_finer_scores(Metrics& metrics, const FinerScores& scores, bool has_spikes) {
  for (const auto& [name, value] : scores.values) {
    if (!has_spikes && !name.starts_with("soma.")) continue;
    put_metric(metrics, "", name, value, scores.resampled);
  }
}

}  // namespace nt::evaluate
