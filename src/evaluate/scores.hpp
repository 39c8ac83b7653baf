#pragma once
#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluate/metrics.hpp"
#include "evaluate/trial_score.hpp"
#include "statistics/ranking.hpp"

namespace nt::evaluate {

/// Thresholds are chosen at these, on the validation set.
inline constexpr std::array<double, 4> kFalsePositiveRates{0.001, 0.002, 0.0025, 0.01};

/// Metrics by name ("spike.auc"), in the order in which they are written.
using NamedMetrics = std::vector<std::pair<std::string, double>>;
/// The values of each metric over resamples of the trials.
using ResampledMetrics = std::map<std::string, std::vector<double>>;

/// The bins that count under a convention.
std::vector<statistics::TrialBins> bins_of(std::span<const TrialComparison> trials,
                                           const Convention& convention);
std::vector<ScoreSums> score_all(std::span<const TrialComparison> trials, const Convention& convention,
                                 const Thresholds& thresholds, double rate_per_bin);
ScoreSums total_of(std::span<const ScoreSums> trials);

/// A prediction of some trials, scored with thresholds from the validation trials.
struct Scored {
  Thresholds thresholds;
  std::vector<ScoreSums> sums;  // [trial]
  ScoreSums total;
  statistics::RankTable table;
};
/// The first skip_ms of each trial do not count. `rate_per_bin`: of the constant-rate model.
Scored score(std::span<const TrialComparison> trials, Thresholds thresholds, int64_t skip_ms,
             double rate_per_bin);

/// The same with thresholds chosen on the model's answer to the validation trials.
Scored score(std::span<const TrialComparison> valid, std::span<const TrialComparison> trials, int64_t skip_ms,
             double rate_per_bin);

NamedMetrics metrics_of(const Scored& scored);
/// For trials drawn again with replacement, so many times.
ResampledMetrics resampled_metrics(const Scored& scored, int64_t resamples, uint64_t seed);

/// Writes the wanted metrics under `prefix`, with their 95 % intervals. What is not defined (spikes to be
/// found where there are none, the correlation of a constant) is left out.
void put_scores(Metrics& metrics, const std::string& prefix, const Scored& scored,
                const ResampledMetrics& resampled, const std::function<bool(std::string_view)>& wanted);

/// One of them; nothing if the value is not finite.
void put_metric(Metrics& metrics, const std::string& prefix, const std::string& name, double value,
                const ResampledMetrics& resampled);

/// The metrics that are written for a baseline or ceiling, beside the twin's.
bool is_compared(std::string_view name);

}  // namespace nt::evaluate
