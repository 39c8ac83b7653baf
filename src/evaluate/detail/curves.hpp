#pragma once
#include "evaluate/evaluate.hpp"

namespace nt::evaluate {

/// The twin spikes where its log-odds reach `threshold`.
CrossCorrelation cross_correlation(std::span<const TrialComparison> trials, float threshold);

/// ROC, precision-recall, cross-correlation, calibration, intervals and rates. Needs a spike. Leaves
/// calibration_groups and trial_rates to others.
SpikeCurves spike_curves(const statistics::RankTable& table, std::span<const TrialComparison> trials,
                         const Thresholds& thresholds, const ScoreSums& total,
                         const CrossCorrelation& correlation);

PairedHistogram voltage_histogram(std::span<const TrialComparison> trials);

/// At most `count` trials of `test`, which `trials` are.
std::vector<ExampleTrial> example_trials(std::span<const TrialComparison> trials, const dataset::Split& test,
                                         float threshold, int64_t count);

/// Of each split, by its name.
TrialRates trial_rates(std::span<const std::pair<std::string, dataset::EventSupport>> splits);

/// Where it peaks, how high, and how wide it is at half height, by their names in metrics.json. Null, and
/// "spike.crosscorrelation_note", where no peak stands above chance or its half height lies beyond the lags
/// looked at.
Metrics cross_correlation_metrics(const CrossCorrelation& correlation);

}  // namespace nt::evaluate
