#include "evaluate/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "evaluate/bootstrap.hpp"
#include "evaluate/curves.hpp"
#include "evaluate/ranking.hpp"
#include "evaluate/spike_timing.hpp"

namespace neurontwin {
namespace {

constexpr std::array<double, 4> kFalsePositiveRates{0.001, 0.002, 0.0025, 0.01};

using Named = std::vector<std::pair<std::string, double>>;

/// The metrics that are functions of sums over bins, with their names.
Named metrics_of(const ScoreSums& s) {
  Named m;
  const double seconds = s.bins / 1000;
  for (size_t i = 0; i < kFalsePositiveRates.size(); ++i) {
    m.emplace_back(fmt::format("spike.tpr_at_fpr_{}", kFalsePositiveRates[i]), s.hits[i] / s.spikes);
    m.emplace_back(fmt::format("spike.fpr_at_fpr_{}", kFalsePositiveRates[i]),
                   s.false_alarms[i] / (s.bins - s.spikes));
  }
  m.emplace_back("spike.bits_per_spike", (s.rate_log_loss - s.log_loss) / s.spikes / std::log(2.0));
  for (size_t i = 0; i < kTolerances_ms.size(); ++i) {
    m.emplace_back(fmt::format("spike.f1_{}ms", kTolerances_ms[i]),
                   f1(s.matched[i], s.predicted_spikes, s.spikes));
  }
  m.emplace_back("spike.base_rate_hz", s.spikes / seconds);
  m.emplace_back("spike.expected_rate_hz", s.expected_spikes / seconds);
  m.emplace_back("spike.thresholded_rate_hz", s.predicted_spikes / seconds);
  m.emplace_back("spike.rate_error_hz", s.rate_error / seconds);
  const auto v = voltage_metrics(s);
  m.emplace_back("soma.rmse_mV", v.rmse_mV);
  m.emplace_back("soma.mae_mV", v.mae_mV);
  m.emplace_back("soma.variance_explained", v.variance_explained);
  m.emplace_back("soma.variance_explained_rescaled", v.variance_explained_rescaled);
  m.emplace_back("soma.rmse_rescaled_mV", v.rmse_rescaled_mV);
  return m;
}

ScoreSums total_of(std::span<const ScoreSums> trials) {
  ScoreSums total;
  for (const auto& trial : trials) total.add(trial, 1);
  return total;
}

std::vector<ScoreSums> score_all(std::span<const TrialComparison> trials, const Convention& convention,
                                 const Thresholds& thresholds, double rate_per_bin) {
  std::vector<ScoreSums> sums;
  for (const auto& trial : trials) sums.push_back(score_trial(trial, convention, thresholds, rate_per_bin));
  return sums;
}

/// The bins that count under a convention.
std::vector<TrialBins> bins_of(std::span<const TrialComparison> trials, const Convention& convention) {
  std::vector<TrialBins> bins;
  for (const auto& trial : trials) {
    if (trial.spikes() > convention.most_spikes) continue;
    const auto skip = std::min(convention.skip_ms, trial.duration_ms());
    bins.push_back({{trial.spike_log_odds.begin() + skip, trial.spike_log_odds.end()},
                    {trial.spike.begin() + skip, trial.spike.end()}});
  }
  return bins;
}

double spikes_per_bin(const Split& split) {
  double spikes = 0;
  for (size_t i = 0; i < split.trials(); ++i)
    spikes += static_cast<double>(split.trial(i).spike_times_ms.size());
  const double bins = static_cast<double>(split.trials()) * static_cast<double>(split.duration_ms());
  return std::max(spikes, 0.5) / bins;  // without any spike, half a one, so that the logarithm stays finite
}

/// Confidence intervals of all metrics by name.
std::map<std::string, std::pair<double, double>> intervals(const RankTable& table,
                                                           std::span<const ScoreSums> sums,
                                                           const EvaluateSpec& spec, uint64_t seed) {
  const auto resamples = static_cast<size_t>(spec.bootstrap_resamples);
  const auto weight = resampling_weights(sums.size(), resamples, seed);
  std::map<std::string, std::vector<double>> values;
  for (const auto& m : rank_metrics(table, kFalsePositiveRates, weight, resamples)) {
    values["spike.auc"].push_back(m.auc);
    values["spike.average_precision"].push_back(m.average_precision);
  }
  for (size_t b = 0; b < resamples; ++b) {
    ScoreSums drawn;
    for (size_t j = 0; j < sums.size(); ++j) {
      if (const float w = weight[j * resamples + b]; w > 0) drawn.add(sums[j], w);
    }
    for (const auto& [name, value] : metrics_of(drawn)) values[name].push_back(value);
  }
  std::map<std::string, std::pair<double, double>> out;
  for (auto& [name, list] : values) out[name] = percentile_interval(std::move(list), 0.95);
  return out;
}

void add_published(nlohmann::ordered_json& metrics, std::span<const TrialComparison> trials,
                   const Thresholds& thresholds, double rate_per_bin) {
  const auto convention = published_convention();
  const auto bins = bins_of(trials, convention);
  if (bins.empty() || bins.front().score.empty()) return;
  const auto ranks = rank_metrics(rank(bins), kFalsePositiveRates);
  const auto voltage = voltage_metrics(total_of(score_all(trials, convention, thresholds, rate_per_bin)));
  metrics["published.spike.auc"] = ranks.auc;
  for (size_t i = 0; i < kFalsePositiveRates.size(); ++i) {
    metrics[fmt::format("published.spike.tpr_at_fpr_{}", kFalsePositiveRates[i])] = ranks.tpr[i];
  }
  metrics["published.soma.rmse_mV"] = voltage.rmse_rescaled_mV;
  metrics["published.soma.variance_explained"] = voltage.variance_explained_rescaled;
  metrics["published.trials_dropped"] = trials.size() - bins.size();
}

}  // namespace

EvaluateSpec read_evaluate(const Settings& settings) {
  EvaluateSpec spec;
  spec.bootstrap_resamples = settings.integer("bootstrap_resamples", spec.bootstrap_resamples, {10, 1e6});
  spec.skip_ms = settings.integer("skip_ms", spec.skip_ms, kNotNegative);
  spec.examples = settings.integer("examples", spec.examples, {0, 100});
  return spec;
}

Evaluation evaluate(Twin& twin, const EvaluateSpec& spec, uint64_t seed, const Split& train,
                    const Split& valid, const Split& test, const ProgressListener& listener) {
  const auto tell = [&](double done, const char* note) {
    if (listener) listener({"evaluate", done, 4, "parts", note});
    if (stop_requested()) fail_run("stopped while evaluating; run the same command again to go on");
  };
  if (spec.skip_ms >= test.duration_ms()) {
    fail_input("evaluate.skip_ms is {} ms, expected less than the trials' {} ms", spec.skip_ms,
               test.duration_ms());
  }
  tell(0, "validation set");
  const double rate_per_bin = spikes_per_bin(train);
  const auto thresholds = choose_thresholds(compare(twin, valid), kFalsePositiveRates);
  tell(1, "test set");
  const auto trials = compare(twin, test);
  const Convention convention{.skip_ms = spec.skip_ms};
  const auto sums = score_all(trials, convention, thresholds, rate_per_bin);
  const auto total = total_of(sums);
  const auto table = rank(bins_of(trials, convention));
  const auto ranks = rank_metrics(table, kFalsePositiveRates);
  tell(2, "bootstrap");
  const auto interval = intervals(table, sums, spec, seed);

  Evaluation out;
  auto& metrics = out.metrics;
  const auto put = [&](const std::string& name, double value) {
    metrics[name] = value;
    if (const auto it = interval.find(name); it != interval.end()) {
      metrics[name + "_ci95"] = {it->second.first, it->second.second};
    }
  };
  put("spike.auc", ranks.auc);
  put("spike.average_precision", ranks.average_precision);
  for (const auto& [name, value] : metrics_of(total)) put(name, value);
  for (size_t i = 0; i < kFalsePositiveRates.size(); ++i) {
    metrics[fmt::format("spike.threshold_at_fpr_{}", kFalsePositiveRates[i])] =
        probability(thresholds.at_rate[i]);
  }
  metrics["spike.threshold"] = probability(thresholds.spike);
  metrics["spike.threshold_choice"] = "highest F1 at +-2 ms on the validation set";
  add_published(metrics, trials, thresholds, rate_per_bin);
  metrics["data.train_s"] = train.seconds();
  metrics["data.valid_s"] = valid.seconds();
  metrics["data.test_s"] = test.seconds();
  metrics["data.test_spikes"] = static_cast<int64_t>(total.spikes);
  metrics["data.train_rate_hz"] = rate_per_bin * 1000;
  metrics["twin.parameters"] = twin->parameter_count();
  metrics["twin.depth"] = twin->spec().depth();
  metrics["twin.width"] = twin->spec().width();
  metrics["twin.window_ms"] = twin->spec().window_ms();
  tell(3, "curves");
  out.curves = curves_json(table, trials, thresholds, total, test, spec);
  for (const auto& [key, value] : cross_correlation_metrics(out.curves)) metrics[key] = value;
  tell(4, "");
  return out;
}

}  // namespace neurontwin
