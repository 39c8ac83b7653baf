#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "dataset/event_support.hpp"
#include "ranks/ranks.hpp"
#include "twin/twin.hpp"

namespace nt::evaluate {

/// Truth and prediction of one trial, bin by bin.
struct TrialComparison {
  std::vector<uint8_t> spike;
  std::vector<float> spike_log_odds;
  std::vector<float> soma_mV;
  std::vector<float> predicted_soma_mV;

  int64_t spikes() const;
  /// Bins with a spike from `first_bin` on.
  std::vector<int64_t> spike_bins(int64_t first_bin = 0) const;
  int64_t duration_ms() const { return static_cast<int64_t>(spike.size()); }
};
double probability(double log_odds);
/// Of each bin 1 if it lies away from all true spikes, else 0.
std::vector<uint8_t> away_from_spikes(std::span<const uint8_t> spike);
/// The true side of a comparison.
TrialComparison truth_of(const dataset::TrialView& trial);
/// What is made of each trial's whole prediction, of which only spikes and voltage are kept: `make` says it
/// as bytes where the trial is predicted, and `take` gets them on rank 0, in the order of the trials.
struct MadeOfPrediction {
  std::function<std::string(const dataset::TrialView&, const twin::Prediction&)> make = {};
  std::function<void(const std::string&)> take = {};
};
/// A twin's answers to a split's trials, which are dealt out to ranks: for all of them. On rank 0 all, the
/// same to the bit with any number of ranks; on the others none.
std::vector<TrialComparison> compare(twin::Twin& twin, const dataset::Split& split,
                                     const ranks::Ranks& ranks = *ranks::alone(),
                                     const MadeOfPrediction& also = {});

/// Mean spikes per 1 ms bin; without any spike that of half a one, so that its logarithm stays finite.
double spikes_per_bin(const dataset::EventSupport& support);
double spikes_per_bin(const dataset::Split& split);

/// The conventions a score is taken under.
struct Convention {
  int64_t skip_ms = 0;              // bins at the start of a trial that do not count
  int64_t most_spikes = INT64_MAX;  // trials with more are left out
  double soma_ceiling_mV = 1e300;   // the true voltage is clipped here
};
/// The paper's: the first 500 ms and trials with more than 24 spikes dropped, voltage clipped at -55 mV.
Convention published_convention();

inline constexpr std::array<int64_t, 6> kTolerances_ms{0, 1, 2, 3, 4, 5};
/// The voltage away from spikes: no bin from so long before a true spike's bin to so long after it counts.
inline constexpr int64_t kBeforeSpike_ms = 5, kAfterSpike_ms = 20;
/// Blocks of a trial whose spikes are counted against the expected number.
inline constexpr int64_t kCountBlocks = 16;

/// Sums over the bins of one trial. Every metric but the ranking ones is a function of such sums, so that a
/// bootstrap over trials only adds them up again with other weights.
struct ScoreSums {
  double bins = 0, spikes = 0;
  double log_loss = 0;         // nats, of the twin
  double rate_log_loss = 0;    // nats, of the constant-rate model
  double expected_spikes = 0;  // sum of predicted probabilities
  double rate_error = 0;       // |expected - true spikes|
  double trials = 0;
  double ranked_trials = 0, auc = 0;       // trials that have an area under the ROC curve, and their sum
  std::vector<double> hits, false_alarms;  // at each operating point
  std::array<double, kTolerances_ms.size()> matched{};
  double predicted_spikes = 0;
  // Counts in blocks of a trial: true n, expected m.
  double blocks = 0, n = 0, n2 = 0, m = 0, m2 = 0, nm = 0;
  // Squares and product of a trial's true and expected number of spikes.
  double trial_n2 = 0, trial_m2 = 0, trial_nm = 0;
  // Voltage: error e, truth y, prediction x.
  double e = 0, abs_e = 0, e2 = 0, y = 0, y2 = 0, x = 0, x2 = 0, xy = 0;
  // The same of the bins away from true spikes.
  double away_bins = 0, away_e2 = 0, away_y = 0, away_y2 = 0;

  void add(const ScoreSums& other, double weight);
};

/// Thresholds on the log-odds, all chosen on the validation set.
struct Thresholds {
  std::vector<double> false_positive_rate;  // asked for
  std::vector<float> at_rate;  // that leave this share of validation bins without a spike above them
  float spike = 0;             // for predicted spike times: highest F1 at +-2 ms
};
Thresholds choose_thresholds(std::span<const TrialComparison> validation,
                             std::span<const double> false_positive_rates);

ScoreSums score_trial(const TrialComparison& trial, const Convention& convention,
                      const Thresholds& thresholds, double rate_per_bin);

struct VoltageMetrics {
  double rmse_mV, mae_mV, variance_explained;
  /// After shifting and scaling the prediction to the truth's mean and standard deviation, as the published
  /// code does.
  double rmse_rescaled_mV, variance_explained_rescaled;
  double rmse_away_mV, variance_explained_away;  // away from true spikes
};
VoltageMetrics voltage_metrics(const ScoreSums& sums);

/// True against expected numbers of spikes. NaN where nothing varies.
struct CountMetrics {
  double correlation;
  double variance_explained;  // 1 - mean squared error / variance of the true counts
};
/// In sixteenths of a trial.
CountMetrics count_metrics(const ScoreSums& sums);
/// In whole trials.
CountMetrics trial_count_metrics(const ScoreSums& sums);

}  // namespace nt::evaluate
