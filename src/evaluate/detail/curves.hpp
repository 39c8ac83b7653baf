#pragma once
#include "dataset/event_support.hpp"
#include "evaluate/evaluate.hpp"

namespace nt::evaluate {

/// How often the twin spikes so many ms after the neuron does, from -50 to 50 ms.
struct CrossCorrelation {
  std::vector<double> predicted_rate_hz;  // at each lag, in few digits
  double base_rate_hz = 0;                // of the twin, at any time
  double spikes = 0;                      // of the neuron
};
/// The twin spikes where its log-odds reach `threshold`.
CrossCorrelation cross_correlation(std::span<const TrialComparison> trials, float threshold);

/// curves.json: ROC, precision-recall, cross-correlation, calibration, ISI and voltage histograms, rates and
/// example trials. Of a neuron that never spikes, the voltage and the examples.
nlohmann::ordered_json curves_json(const statistics::RankTable& table,
                                   std::span<const TrialComparison> trials, const Thresholds& thresholds,
                                   const ScoreSums& total, const CrossCorrelation& correlation,
                                   const dataset::Split& test, const EvaluateSpec& spec);

/// The distribution of the output rate over the trials of each split, by its name: a histogram in bins that
/// are equal for all, quantiles, the mean, and the trials that the published evaluation would drop.
nlohmann::ordered_json trial_rates_json(
    std::span<const std::pair<std::string, dataset::EventSupport>> splits);

/// Where it peaks, how high, and how wide it is at half height, by their names in metrics.json. Null, and
/// "spike.crosscorrelation_note", where no peak stands above chance or its half height lies beyond the lags
/// looked at.
Metrics cross_correlation_metrics(const CrossCorrelation& correlation);

}  // namespace nt::evaluate
