#pragma once
#include "dataset/event_support.hpp"
#include "evaluate/evaluate.hpp"

namespace neurontwin {

/// curves.json: ROC, precision-recall, cross-correlation, calibration, ISI and voltage histograms, rates and
/// example trials. Of a neuron that never spikes, the voltage and the examples.
nlohmann::ordered_json curves_json(const RankTable& table, std::span<const TrialComparison> trials,
                                   const Thresholds& thresholds, const ScoreSums& total, const Split& test,
                                   const EvaluateSpec& spec);

/// The distribution of the output rate over the trials of each split, by its name: a histogram in bins that
/// are equal for all, quantiles, the mean, and the trials that the published evaluation would drop.
nlohmann::ordered_json trial_rates_json(std::span<const std::pair<std::string, EventSupport>> splits);

/// Of curves.json's "cross_correlation": where it peaks, how high, and how wide it is at half height, by
/// their names in metrics.json. Null, and "spike.crosscorrelation_note", where no peak stands above chance or
/// its half height lies beyond the lags looked at.
nlohmann::ordered_json cross_correlation_metrics(const nlohmann::ordered_json& cross_correlation);

}  // namespace neurontwin
