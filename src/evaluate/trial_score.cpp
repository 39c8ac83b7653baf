#include "evaluate/trial_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "evaluate/detail/spike_timing.hpp"
#include "ranks/deal_out.hpp"
#include "simulate/state_bytes.hpp"
#include "statistics/ranking.hpp"
#include "statistics/variance_explained.hpp"
#include "twin/predict.hpp"

namespace nt::evaluate {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool varies(double variance) {
  return variance > statistics::kLeastVariance;
}

/// -log of the probability a log-odds gives to what happened; stable for any log-odds.
double log_loss(double log_odds, bool spike) {
  const double z = spike ? -log_odds : log_odds;
  return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
}

/// The highest validation F1 at +-2 ms over thresholds that let from a fifth to five times the true number of
/// bins through.
float best_f1_threshold(std::span<const TrialComparison> trials, std::vector<float> scores, int64_t spikes) {
  std::sort(scores.begin(), scores.end(), std::greater<>());
  std::vector<std::vector<int64_t>> actual;
  for (const auto& trial : trials) actual.push_back(trial.spike_bins());
  float best = scores.front();
  double best_f1 = -1;
  constexpr int kCandidates = 61;
  for (int i = 0; i < kCandidates; ++i) {
    const double share = 0.2 * std::pow(25.0, static_cast<double>(i) / (kCandidates - 1));
    const auto place = static_cast<size_t>(share * static_cast<double>(std::max<int64_t>(spikes, 1)));
    const float threshold = scores[std::min(place, scores.size() - 1)];
    Matches total;
    for (size_t j = 0; j < trials.size(); ++j) {
      total += match_spikes(spikes_above(trials[j].spike_log_odds, threshold), actual[j], 2);
    }
    const double value = f1(static_cast<double>(total.matched), static_cast<double>(total.predicted),
                            static_cast<double>(total.actual));
    if (value > best_f1) {
      best_f1 = value;
      best = threshold;
    }
  }
  return best;
}

/// Sums over counts: their number, true n, expected m.
struct CountSums {
  double counts, n, n2, m, m2, nm;
};

CountMetrics metrics_of(const CountSums& s) {
  const double mean_n = s.n / s.counts, mean_m = s.m / s.counts;
  const double variance_n = s.n2 / s.counts - mean_n * mean_n;
  const double variance_m = s.m2 / s.counts - mean_m * mean_m;
  const double covariance = s.nm / s.counts - mean_n * mean_m;
  const double squared_error = (s.n2 - 2 * s.nm + s.m2) / s.counts;
  return {varies(variance_n) && varies(variance_m) ? covariance / std::sqrt(variance_n * variance_m) : kNaN,
          statistics::variance_explained(squared_error, variance_n)};
}

}  // namespace

double probability(double log_odds) {
  return 1 / (1 + std::exp(-log_odds));
}

std::vector<uint8_t> away_from_spikes(std::span<const uint8_t> spike) {
  std::vector<uint8_t> away(spike.size(), 1);
  const auto end = static_cast<int64_t>(spike.size());
  for (int64_t t = 0; t < end; ++t) {
    if (!spike[t]) continue;
    std::fill(away.begin() + std::max<int64_t>(t - kBeforeSpike_ms, 0),
              away.begin() + std::min(t + kAfterSpike_ms + 1, end), uint8_t{0});
  }
  return away;
}

std::vector<int64_t> TrialComparison::spike_bins(int64_t first_bin) const {
  std::vector<int64_t> bins;
  for (auto t = first_bin; t < duration_ms(); ++t) {
    if (spike[t]) bins.push_back(t);
  }
  return bins;
}

int64_t TrialComparison::spikes() const {
  return std::accumulate(spike.begin(), spike.end(), int64_t{0});
}

TrialComparison truth_of(const dataset::TrialView& trial) {
  TrialComparison truth;
  truth.spike.assign(trial.soma_mV.size(), 0);
  for (const float t : trial.spike_times_ms) truth.spike[static_cast<size_t>(t)] = 1;
  truth.soma_mV.assign(trial.soma_mV.begin(), trial.soma_mV.end());
  return truth;
}

double spikes_per_bin(const dataset::EventSupport& support) {
  return std::max(static_cast<double>(support.spikes), 0.5) / static_cast<double>(support.total_ms);
}

double spikes_per_bin(const dataset::Split& split) {
  return spikes_per_bin(dataset::event_support(split));
}

std::vector<TrialComparison> compare(twin::Twin& twin, const dataset::Split& split, const ranks::Ranks& ranks,
                                     const MadeOfPrediction& also) {
  std::vector<TrialComparison> trials;
  const auto count = static_cast<int64_t>(split.trials());
  // A device has many at once, but leaves some to the other ranks.
  const auto at_once = std::min(twin::best_at_once(twin, 1), (count + ranks.size() - 1) / ranks.size());
  const auto ask = [&](int64_t part) {
    const auto first = static_cast<size_t>(part * at_once);
    const auto predicted = twin::predict_each(twin, split, first,
                                              static_cast<size_t>(std::min(at_once, count - part * at_once)));
    simulate::StateWriter answer;
    for (size_t i = 0; i < predicted.size(); ++i) {
      answer.put(std::span<const float>(predicted[i].spike_log_odds));
      answer.put(std::span<const float>(predicted[i].soma_mV));
      const auto made = also.make ? also.make(split.trial(first + i), predicted[i]) : "";
      answer.put(std::span<const char>(made));
    }
    return answer.take();
  };
  const int64_t parts = count == 0 ? 0 : (count + at_once - 1) / at_once;
  ranks::deal_out(ranks, parts, ask, [&](int64_t, const std::string& bytes) {
    simulate::StateReader answer(bytes);
    while (!answer.at_end()) {
      auto trial = truth_of(split.trial(trials.size()));
      trial.spike_log_odds = answer.get<float>();
      trial.predicted_soma_mV = answer.get<float>();
      const auto made = answer.get<char>();
      if (also.take) also.take({made.begin(), made.end()});
      trials.push_back(std::move(trial));
    }
  });
  return trials;
}

Convention published_convention() {
  return {.skip_ms = 500, .most_spikes = dataset::kPublishedMostSpikes, .soma_ceiling_mV = -55};
}

void ScoreSums::add(const ScoreSums& o, double w) {
  bins += w * o.bins;
  spikes += w * o.spikes;
  log_loss += w * o.log_loss;
  rate_log_loss += w * o.rate_log_loss;
  expected_spikes += w * o.expected_spikes;
  rate_error += w * o.rate_error;
  trials += w * o.trials;
  ranked_trials += w * o.ranked_trials;
  auc += w * o.auc;
  hits.resize(o.hits.size());
  false_alarms.resize(o.false_alarms.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    hits[i] += w * o.hits[i];
    false_alarms[i] += w * o.false_alarms[i];
  }
  for (size_t i = 0; i < matched.size(); ++i) matched[i] += w * o.matched[i];
  predicted_spikes += w * o.predicted_spikes;
  blocks += w * o.blocks;
  n += w * o.n;
  n2 += w * o.n2;
  m += w * o.m;
  m2 += w * o.m2;
  nm += w * o.nm;
  trial_n2 += w * o.trial_n2;
  trial_m2 += w * o.trial_m2;
  trial_nm += w * o.trial_nm;
  e += w * o.e;
  abs_e += w * o.abs_e;
  e2 += w * o.e2;
  y += w * o.y;
  y2 += w * o.y2;
  x += w * o.x;
  x2 += w * o.x2;
  xy += w * o.xy;
  away_bins += w * o.away_bins;
  away_e2 += w * o.away_e2;
  away_y += w * o.away_y;
  away_y2 += w * o.away_y2;
}

Thresholds choose_thresholds(std::span<const TrialComparison> validation,
                             std::span<const double> false_positive_rates) {
  std::vector<float> negative, all;
  int64_t spikes = 0;
  for (const auto& trial : validation) {
    for (size_t t = 0; t < trial.spike.size(); ++t) {
      if (!trial.spike[t]) negative.push_back(trial.spike_log_odds[t]);
      all.push_back(trial.spike_log_odds[t]);
    }
    spikes += trial.spikes();
  }
  Thresholds chosen;
  for (const double rate : false_positive_rates) {
    const auto above = static_cast<size_t>(rate * static_cast<double>(negative.size()));
    const auto place = negative.begin() + static_cast<int64_t>(std::min(above, negative.size() - 1));
    std::nth_element(negative.begin(), place, negative.end(), std::greater<>());
    chosen.false_positive_rate.push_back(rate);
    chosen.at_rate.push_back(*place);
  }
  chosen.spike = best_f1_threshold(validation, std::move(all), spikes);
  return chosen;
}

ScoreSums score_trial(const TrialComparison& trial, const Convention& convention,
                      const Thresholds& thresholds, double rate_per_bin) {
  ScoreSums s;
  s.hits.assign(thresholds.at_rate.size(), 0);
  s.false_alarms.assign(thresholds.at_rate.size(), 0);
  if (trial.spikes() > convention.most_spikes) return s;
  const double rate_log_odds = std::log(rate_per_bin / (1 - rate_per_bin));
  s.trials = 1;
  // Voltages are summed as deviations from a fixed level, so that squares lose no digits.
  constexpr double kLevel_mV = -65;
  const auto counted = std::max<int64_t>(trial.duration_ms() - convention.skip_ms, 0);
  std::array<double, kCountBlocks> true_count{}, expected_count{};
  const auto away = away_from_spikes(trial.spike);
  for (auto t = static_cast<size_t>(convention.skip_ms); t < trial.spike.size(); ++t) {
    const bool spike = trial.spike[t] != 0;
    const double log_odds = trial.spike_log_odds[t];
    s.bins += 1;
    s.spikes += spike;
    s.log_loss += log_loss(log_odds, spike);
    s.rate_log_loss += log_loss(rate_log_odds, spike);
    const double p = probability(log_odds);
    s.expected_spikes += p;
    const auto block =
        static_cast<size_t>((static_cast<int64_t>(t) - convention.skip_ms) * kCountBlocks / counted);
    true_count[block] += spike;
    expected_count[block] += p;
    for (size_t i = 0; i < thresholds.at_rate.size(); ++i) {
      if (trial.spike_log_odds[t] > thresholds.at_rate[i]) (spike ? s.hits : s.false_alarms)[i] += 1;
    }
    const double y = std::min(static_cast<double>(trial.soma_mV[t]), convention.soma_ceiling_mV) - kLevel_mV;
    const double x = static_cast<double>(trial.predicted_soma_mV[t]) - kLevel_mV;
    s.e += x - y;
    s.abs_e += std::abs(x - y);
    s.e2 += (x - y) * (x - y);
    s.y += y;
    s.y2 += y * y;
    s.x += x;
    s.x2 += x * x;
    s.xy += x * y;
    if (!away[t]) continue;
    s.away_bins += 1;
    s.away_e2 += (x - y) * (x - y);
    s.away_y += y;
    s.away_y2 += y * y;
  }
  for (size_t i = 0; i < kCountBlocks && counted >= kCountBlocks; ++i) {
    const double n = true_count[i], m = expected_count[i];
    s.blocks += 1;
    s.n += n;
    s.n2 += n * n;
    s.m += m;
    s.m2 += m * m;
    s.nm += n * m;
  }
  s.rate_error = std::abs(s.expected_spikes - s.spikes);
  s.trial_n2 = s.spikes * s.spikes;
  s.trial_m2 = s.expected_spikes * s.expected_spikes;
  s.trial_nm = s.spikes * s.expected_spikes;
  const auto skip = static_cast<size_t>(std::min(convention.skip_ms, trial.duration_ms()));
  const double auc = statistics::area_under_roc(std::span(trial.spike_log_odds).subspan(skip),
                                                std::span(trial.spike).subspan(skip));
  if (!std::isnan(auc)) {
    s.ranked_trials = 1;
    s.auc = auc;
  }
  const auto predicted = spikes_above(trial.spike_log_odds, thresholds.spike, convention.skip_ms);
  const auto actual = trial.spike_bins(convention.skip_ms);
  s.predicted_spikes = static_cast<double>(predicted.size());
  for (size_t i = 0; i < kTolerances_ms.size(); ++i) {
    s.matched[i] = static_cast<double>(match_spikes(predicted, actual, kTolerances_ms[i]).matched);
  }
  return s;
}

CountMetrics count_metrics(const ScoreSums& s) {
  return metrics_of(CountSums{s.blocks, s.n, s.n2, s.m, s.m2, s.nm});
}

CountMetrics trial_count_metrics(const ScoreSums& s) {
  return metrics_of(CountSums{s.trials, s.spikes, s.trial_n2, s.expected_spikes, s.trial_m2, s.trial_nm});
}

VoltageMetrics voltage_metrics(const ScoreSums& s) {
  const double variance_y = s.y2 / s.bins - (s.y / s.bins) * (s.y / s.bins);
  const double variance_x = s.x2 / s.bins - (s.x / s.bins) * (s.x / s.bins);
  const double covariance = s.xy / s.bins - (s.x / s.bins) * (s.y / s.bins);
  // A prediction x brought to mean and standard deviation of y misses it by 2 var(y) (1 - r) in the mean
  // square.
  const double correlation = varies(variance_x) ? covariance / std::sqrt(variance_x * variance_y) : kNaN;
  const double rescaled = 2 * variance_y * (1 - correlation);
  return {std::sqrt(s.e2 / s.bins),
          s.abs_e / s.bins,
          statistics::variance_explained(s.e2 / s.bins, variance_y),
          std::sqrt(rescaled < 0 ? 0 : rescaled),
          statistics::variance_explained(rescaled, variance_y),
          std::sqrt(s.away_e2 / s.away_bins),
          statistics::variance_explained({s.away_bins, s.away_y, s.away_y2, s.away_e2})};
}

}  // namespace nt::evaluate
