#include "evaluate/scores.hpp"

#include <algorithm>
#include <cmath>

#include "evaluate/detail/spike_timing.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::evaluate {
namespace {

constexpr size_t kCountedTolerance = 2;  // of kTolerances_ms: hits, misses and false alarms are counted at it

/// The metrics that are functions of sums over bins, with their names.
NamedMetrics metrics_of(const ScoreSums& s) {
  NamedMetrics m;
  const double seconds = s.bins / 1000;
  for (size_t i = 0; i < kFalsePositiveRates.size(); ++i) {
    m.emplace_back(fmt::format("spike.tpr_at_fpr_{}", kFalsePositiveRates[i]), s.hits[i] / s.spikes);
    m.emplace_back(fmt::format("spike.fpr_at_fpr_{}", kFalsePositiveRates[i]),
                   s.false_alarms[i] / (s.bins - s.spikes));
    m.emplace_back(fmt::format("spike.false_positives_per_s_at_fpr_{}", kFalsePositiveRates[i]),
                   s.false_alarms[i] / seconds);
  }
  m.emplace_back("spike.auc_per_trial", s.auc / s.ranked_trials);
  m.emplace_back("spike.bits_per_spike", (s.rate_log_loss - s.log_loss) / s.spikes / std::log(2.0));
  for (size_t i = 0; i < kTolerances_ms.size(); ++i) {
    m.emplace_back(fmt::format("spike.f1_{}ms", kTolerances_ms[i]),
                   f1(s.matched[i], s.predicted_spikes, s.spikes));
  }
  double f1_of_all = 0;
  for (const double matched : s.matched)
    f1_of_all += f1(matched, s.predicted_spikes, s.spikes) / static_cast<double>(kTolerances_ms.size());
  m.emplace_back("spike.f1_mean_0_to_5ms", f1_of_all);
  static_assert(kTolerances_ms[kCountedTolerance] == 2);
  const double hits = s.matched[kCountedTolerance];
  m.emplace_back("spike.hits_2ms", hits);
  m.emplace_back("spike.misses_2ms", s.spikes - hits);
  m.emplace_back("spike.false_alarms_2ms", s.predicted_spikes - hits);
  m.emplace_back("spike.base_rate_hz", s.spikes / seconds);
  m.emplace_back("spike.expected_rate_hz", s.expected_spikes / seconds);
  m.emplace_back("spike.thresholded_rate_hz", s.predicted_spikes / seconds);
  m.emplace_back("spike.rate_error_hz", s.rate_error / seconds);
  const auto counts = count_metrics(s);
  m.emplace_back("spike.count_correlation", counts.correlation);
  m.emplace_back("spike.count_variance_explained", counts.variance_explained);
  const auto trial_counts = trial_count_metrics(s);
  m.emplace_back("spike.trial_count_correlation", trial_counts.correlation);
  m.emplace_back("spike.trial_count_variance_explained", trial_counts.variance_explained);
  const auto v = voltage_metrics(s);
  m.emplace_back("soma.rmse_mV", v.rmse_mV);
  m.emplace_back("soma.mae_mV", v.mae_mV);
  m.emplace_back("soma.variance_explained", v.variance_explained);
  m.emplace_back("soma.variance_explained_rescaled", v.variance_explained_rescaled);
  m.emplace_back("soma.rmse_rescaled_mV", v.rmse_rescaled_mV);
  m.emplace_back("soma.rmse_away_from_spikes_mV", v.rmse_away_mV);
  m.emplace_back("soma.variance_explained_away_from_spikes", v.variance_explained_away);
  return m;
}

}  // namespace

std::vector<statistics::TrialBins> bins_of(std::span<const TrialComparison> trials,
                                           const Convention& convention) {
  std::vector<statistics::TrialBins> bins;
  for (const auto& trial : trials) {
    if (trial.spikes() > convention.most_spikes) continue;
    const auto skip = std::min(convention.skip_ms, trial.duration_ms());
    bins.push_back({{trial.spike_log_odds.begin() + skip, trial.spike_log_odds.end()},
                    {trial.spike.begin() + skip, trial.spike.end()}});
  }
  return bins;
}

std::vector<ScoreSums> score_all(std::span<const TrialComparison> trials, const Convention& convention,
                                 const Thresholds& thresholds, double rate_per_bin) {
  std::vector<ScoreSums> sums;
  for (const auto& trial : trials) sums.push_back(score_trial(trial, convention, thresholds, rate_per_bin));
  return sums;
}

ScoreSums total_of(std::span<const ScoreSums> trials) {
  ScoreSums total;
  for (const auto& trial : trials) total.add(trial, 1);
  return total;
}

Scored score(std::span<const TrialComparison> trials, Thresholds thresholds, int64_t skip_ms,
             double rate_per_bin) {
  const Convention convention{.skip_ms = skip_ms};
  Scored s;
  s.thresholds = std::move(thresholds);
  s.sums = score_all(trials, convention, s.thresholds, rate_per_bin);
  s.total = total_of(s.sums);
  s.table = statistics::rank(bins_of(trials, convention));
  return s;
}

Scored score(std::span<const TrialComparison> valid, std::span<const TrialComparison> trials, int64_t skip_ms,
             double rate_per_bin) {
  return score(trials, choose_thresholds(valid, kFalsePositiveRates), skip_ms, rate_per_bin);
}

NamedMetrics metrics_of(const Scored& scored) {
  const auto ranks = statistics::rank_metrics(scored.table, kFalsePositiveRates);
  NamedMetrics all{{"spike.auc", ranks.auc}, {"spike.average_precision", ranks.average_precision}};
  for (size_t i = 0; i < kFalsePositiveRates.size(); ++i)
    all.emplace_back(fmt::format("spike.tpr_at_test_fpr_{}", kFalsePositiveRates[i]), ranks.tpr[i]);
  const auto others = metrics_of(scored.total);
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

ResampledMetrics resampled_metrics(const Scored& scored, int64_t resamples, uint64_t seed) {
  const auto draws = static_cast<size_t>(resamples);
  const auto weight = statistics::resampling_weights(scored.sums.size(), draws, seed);
  ResampledMetrics values;
  for (const auto& m : statistics::rank_metrics(scored.table, kFalsePositiveRates, weight, draws)) {
    values["spike.auc"].push_back(m.auc);
    values["spike.average_precision"].push_back(m.average_precision);
    for (size_t i = 0; i < kFalsePositiveRates.size(); ++i)
      values[fmt::format("spike.tpr_at_test_fpr_{}", kFalsePositiveRates[i])].push_back(m.tpr[i]);
  }
  statistics::for_each_resample(std::span<const ScoreSums>(scored.sums), weight, draws,
                                [&](const ScoreSums& drawn) {
                                  for (const auto& [name, value] : metrics_of(drawn))
                                    values[name].push_back(value);
                                });
  return values;
}

void put_scores(Metrics& metrics, const std::string& prefix, const Scored& scored,
                const ResampledMetrics& resampled, const std::function<bool(std::string_view)>& wanted) {
  for (const auto& [name, value] : metrics_of(scored)) {
    const bool finds_spikes = name.starts_with("spike.") && name != "spike.base_rate_hz";
    if (!wanted(name) || (scored.total.spikes == 0 && finds_spikes)) continue;
    put_metric(metrics, prefix, name, value, resampled);
  }
}

void put_metric(Metrics& metrics, const std::string& prefix, const std::string& name, double value,
                const ResampledMetrics& resampled) {
  if (!std::isfinite(value)) return;
  if (const auto it = resampled.find(name); it != resampled.end())
    metrics.put(prefix + name, statistics::estimate(value, it->second));
  else
    metrics[prefix + name] = value;
}

bool is_compared(std::string_view name) {
  constexpr std::array<std::string_view, 22> kNames{"spike.auc",
                                                    "spike.average_precision",
                                                    "spike.bits_per_spike",
                                                    "spike.tpr_at_fpr_0.0025",
                                                    "spike.fpr_at_fpr_0.0025",
                                                    "spike.false_positives_per_s_at_fpr_0.0025",
                                                    "spike.tpr_at_test_fpr_0.0025",
                                                    "spike.tpr_at_fpr_0.01",
                                                    "spike.fpr_at_fpr_0.01",
                                                    "spike.false_positives_per_s_at_fpr_0.01",
                                                    "spike.tpr_at_test_fpr_0.01",
                                                    "spike.f1_1ms",
                                                    "spike.f1_2ms",
                                                    "spike.f1_5ms",
                                                    "spike.f1_mean_0_to_5ms",
                                                    "spike.rate_error_hz",
                                                    "spike.count_correlation",
                                                    "spike.count_variance_explained",
                                                    "soma.rmse_mV",
                                                    "soma.rmse_away_from_spikes_mV",
                                                    "soma.mae_mV",
                                                    "soma.variance_explained"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace nt::evaluate
