#pragma once
#include "evaluate/evaluate.hpp"
#include "evaluate/ranking.hpp"

namespace neurontwin {

/// curves.json: ROC, precision-recall, cross-correlation, calibration, ISI and voltage histograms, rates and
/// example trials. Of a neuron that never spikes, the voltage and the examples.
nlohmann::ordered_json curves_json(const RankTable& table, std::span<const TrialComparison> trials,
                                   const Thresholds& thresholds, const ScoreSums& total, const Split& test,
                                   const EvaluateSpec& spec);

/// Where the cross-correlation of predicted and true spikes peaks, how high, and how wide it is at half
/// height.
std::vector<std::pair<std::string, double>> cross_correlation_metrics(const nlohmann::ordered_json& curves);

}  // namespace neurontwin
