#include "evaluate/detail/finer_scores.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "evaluate/detail/rate_bins.hpp"
#include "evaluate/detail/spike_timing.hpp"
#include "evaluate/detail/voltage_bands.hpp"
#include "random/random.hpp"
#include "statistics/bootstrap.hpp"
#include "statistics/ranking.hpp"

namespace nt::evaluate {
namespace {

double value_of(const NamedMetrics& metrics, const std::string& name) {
  for (const auto& [key, value] : metrics)
    if (key == name) return value;
  ADD_FAILURE() << name << " is missing";
  return std::nan("");
}

/// A silent trial with nothing predicted.
TrialComparison quiet_trial(size_t ms) {
  return {std::vector<uint8_t>(ms, 0), std::vector<float>(ms, -20.0f), std::vector<float>(ms, -65.0f),
          std::vector<float>(ms, -65.0f)};
}

std::vector<float> sine(double hz, double mV, size_t ms) {
  std::vector<float> wave;
  for (size_t t = 0; t < ms; ++t)
    wave.push_back(
        static_cast<float>(mV * std::sin(2 * std::numbers::pi * hz * static_cast<double>(t) / 1000)));
  return wave;
}

TEST(VoltageBands, ATwinThatKnowsOnlySlowWavesExplainsOnlyTheirBand) {
  const auto slow = sine(2, 5, 3000), fast = sine(20, 3, 3000);
  std::vector<float> truth(3000);
  for (size_t t = 0; t < 3000; ++t) truth[t] = -65 + slow[t] + fast[t];
  const auto sums = band_sums(truth, slow);
  const auto metrics = band_metrics(sums);
  // Constants do not count, and a Hann window leaks no further than 1 Hz. Voltages are floats: 1e-5 mV.
  EXPECT_NEAR(value_of(metrics, "soma.power_explained_0_to_4_hz"), 1, 1e-6);
  EXPECT_NEAR(value_of(metrics, "soma.power_explained_13_to_30_hz"), 0, 1e-6);
  // Five segments, each with the variance of a sine under the window: half its amplitude squared.
  EXPECT_NEAR(sums.truth[0], 5 * 12.5, 1e-3);
  EXPECT_NEAR(sums.truth[2], 5 * 4.5, 1e-3);
}

TEST(VoltageBands, AllBandsTogetherHaveThePowerOfTheWindowedSegment) {
  random::Random random(3, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (const size_t n : {1000, 77, 1}) {
    std::vector<float> truth(n);
    for (float& v : truth) v = static_cast<float>(random.normal());
    const double mean = std::accumulate(truth.begin(), truth.end(), 0.0) / static_cast<double>(n);
    double weights = 0, windowed = 0, sum = 0;
    for (size_t i = 0; i < n; ++i) {
      const double w = 1 - std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n));
      weights += w * w;
      sum += (truth[i] - mean) * w;
      windowed += std::pow((truth[i] - mean) * w, 2);
    }
    const auto bands = band_sums(truth, truth);
    const double power = std::accumulate(bands.truth.begin(), bands.truth.end(), 0.0);
    // Parseval's theorem, without the frequency 0.
    const double expected = n == 1 ? 0 : (windowed - sum * sum / static_cast<double>(n)) / weights;
    EXPECT_NEAR(power, expected, 1e-9) << n;
    EXPECT_EQ(bands.error, (std::array<double, kBands>{}));
  }
}

TEST(VoltageAwayFromSpikes, LeavesOutTheBinsAroundTrueSpikes) {
  auto trial = quiet_trial(200);
  trial.spike[100] = 1;
  // Wrong by 1 mV everywhere, by 50 mV from 5 ms before the spike to 20 ms after it.
  for (size_t t = 0; t < 200; ++t) {
    trial.soma_mV[t] += t % 2 == 0 ? 2.0f : -2.0f;
    trial.predicted_soma_mV[t] = trial.soma_mV[t] + (t >= 95 && t <= 120 ? 50.0f : 1.0f);
  }
  const auto m = voltage_metrics(score_trial(trial, {}, {}, 0.01));
  EXPECT_NEAR(m.rmse_away_mV, 1, 1e-5);
  EXPECT_NEAR(m.variance_explained_away, 0.75, 1e-4);  // of 4 mV^2; 87 bins are high, 87 low
  EXPECT_GT(m.rmse_mV, 15);
  trial.predicted_soma_mV[94] += 1;  // the last bin that counts
  EXPECT_GT(voltage_metrics(score_trial(trial, {}, {}, 0.01)).rmse_away_mV, 1.005);
}

TEST(SpikeCounts, HitsMissesAndFalseAlarmsAreThoseOfTheMatching) {
  auto trial = quiet_trial(1000);
  for (const size_t t : {100, 200, 300}) trial.spike[t] = 1;
  for (const size_t t : {100, 202, 303, 500}) trial.spike_log_odds[t] = 5;
  const Scored scored = score(std::vector{trial}, Thresholds{{}, {}, 0}, 0, 0.01);
  // Operating points are not asked for here.
  Scored with_points = scored;
  with_points.total.hits.resize(kFalsePositiveRates.size());
  with_points.total.false_alarms.resize(kFalsePositiveRates.size());
  const auto m = metrics_of(with_points);
  EXPECT_EQ(value_of(m, "spike.hits_2ms"), 2);
  EXPECT_EQ(value_of(m, "spike.misses_2ms"), 1);
  EXPECT_EQ(value_of(m, "spike.false_alarms_2ms"), 2);
  // Of 3 and 4 spikes one matches within 0 and 1 ms, two within 2 ms, three within 3 ms and more.
  EXPECT_NEAR(value_of(m, "spike.f1_mean_0_to_5ms"), 2.0 / 7 * (1 + 1 + 2 + 3 + 3 + 3) / 6, 1e-12);
}

TEST(SpikeCounts, OfWholeTrialsAreComparedTrialByTrial) {
  std::vector<TrialComparison> trials;
  for (const size_t spikes : {0, 2, 4}) {
    auto trial = quiet_trial(1000);
    trial.spike_log_odds.assign(1000, -50);
    for (size_t i = 0; i < spikes; ++i) {
      trial.spike[100 * i] = 1;
      trial.spike_log_odds[900 + i] = 0;  // half a spike each, elsewhere
    }
    trials.push_back(trial);
  }
  const auto m = trial_count_metrics(score(trials, Thresholds{{}, {}, 9}, 0, 0.01).total);
  EXPECT_NEAR(m.correlation, 1, 1e-9);
  EXPECT_NEAR(m.variance_explained, 1 - (0 + 1 + 4) / 8.0, 1e-9);
}

TEST(SpikeTiming, PairsAreThoseThatAreCounted) {
  const std::vector<int64_t> predicted{3, 10, 30}, actual{1, 2, 11, 40};
  EXPECT_EQ(matched_pairs(predicted, actual, 2), (std::vector<std::pair<size_t, size_t>>{{0, 0}, {1, 2}}));
}

TEST(RateBins, AStretchCountsInTheGroupOfItsOwnRate) {
  auto trial = quiet_trial(3500);  // the last half second is no whole stretch
  for (const size_t t : {1500, 2100, 2200, 2300, 3300}) trial.spike[t] = 1;
  for (const size_t t : {500, 1502, 2100, 2600, 3300}) trial.spike_log_odds[t] = 5;
  trial.predicted_soma_mV[50] += 10;
  const std::vector trials{trial};
  const auto weight = statistics::resampling_weights(1, 4, 1);
  const auto scores = rate_bin_scores(trials, {{}, {}, 0}, 0, weight, 4);
  const auto of = [&](const std::string& name) { return value_of(scores.values, "by_rate." + name); };
  for (const auto* group : {"0_hz", "0_to_2_hz", "2_to_5_hz"})
    EXPECT_EQ(of(std::string(group) + ".seconds"), 1);
  EXPECT_EQ(of("0_hz.spike.false_alarms_per_s"), 1);
  EXPECT_EQ(of("0_to_2_hz.spike.false_alarms_per_s"), 0);
  EXPECT_EQ(of("2_to_5_hz.spike.false_alarms_per_s"), 1);
  EXPECT_EQ(of("0_to_2_hz.spike.f1_2ms"), 1);
  EXPECT_EQ(of("2_to_5_hz.spike.f1_2ms"), 2 * 1.0 / (2 + 3));
  EXPECT_EQ(of("2_to_5_hz.spike.base_rate_hz"), 3);
  EXPECT_NEAR(of("0_hz.soma.rmse_away_from_spikes_mV"), std::sqrt(100.0 / 1000), 1e-6);
  EXPECT_NEAR(of("0_to_2_hz.soma.rmse_away_from_spikes_mV"), 0, 1e-6);
  // 1502 is predicted, not 1500: the spike's own bin ranks with the 999 others but one.
  EXPECT_NEAR(of("0_to_2_hz.spike.auc"), 998.0 / 999 / 2, 1e-9);
  for (const auto& [name, value] : scores.values) EXPECT_EQ(name.find("5_to_10"), name.npos);
}

/// Trials whose spikes come with the chances that are given.
std::vector<TrialComparison> by_chance(size_t trials, double said_less_than_true) {
  std::vector<TrialComparison> all;
  for (size_t j = 0; j < trials; ++j) {
    random::Random random(8, random::Stage::test_cases, j, random::StreamName::test_case);
    auto trial = quiet_trial(2000);
    for (size_t t = 0; t < 2000; ++t) {
      const double log_odds = -5 + 2 * random.normal();
      trial.spike[t] = random.uniform() < probability(log_odds);
      trial.spike_log_odds[t] = static_cast<float>(log_odds - said_less_than_true);
    }
    all.push_back(trial);
  }
  return all;
}

TEST(Calibration, TellsChancesThatComeTrueFromThoseThatDoNot) {
  const auto weight = statistics::resampling_weights(100, 50, 1);
  const auto error = [&](double less) {
    const auto scores = calibration_scores(by_chance(100, less), 0, weight, 50);
    return std::pair(value_of(scores.values, "spike.calibration_error"),
                     value_of(scores.values, "spike.calibration_error_per_spike"));
  };
  // 200 000 bins hold some 6000 spikes: 300 in each group of equal expectation. Counts scatter by their root,
  // |scatter| is 0.8 of that on average: 20 x 0.8 x sqrt(300) / 6000 = 5 %.
  const auto [right, right_per_spike] = error(0);
  EXPECT_LT(right, 0.003);
  EXPECT_NEAR(right_per_spike, 0.046, 0.025);
  // Chances that are said half as large, odds of e^0.7: nearly half of the spikes are not expected.
  const auto [wrong, wrong_per_spike] = error(std::log(2));
  EXPECT_GT(wrong, 0.008);
  EXPECT_NEAR(wrong_per_spike, 0.41, 0.06);
}

TEST(Calibration, GroupsHoldEquallyManyExpectedSpikes) {
  const auto weight = statistics::resampling_weights(40, 20, 1);
  const auto groups = calibration_scores(by_chance(40, 0), 0, weight, 20).groups;
  const auto &predicted = groups.predicted, &bins = groups.bins;
  ASSERT_EQ(predicted.size(), kCalibrationGroups);
  EXPECT_EQ(std::accumulate(bins.begin(), bins.end(), 0.0), 80000);
  for (size_t g = 0; g < kCalibrationGroups; ++g)
    EXPECT_NEAR(predicted[g] * bins[g] / (predicted[0] * bins[0]), 1, 0.02) << g;
  EXPECT_TRUE(std::ranges::is_sorted(predicted));
}

TEST(FinerScores, HaveIntervalsFromTheSameDrawsAsTheOthers) {
  const auto trials = by_chance(30, 0);
  const Thresholds thresholds{{}, {}, 0};
  const auto a = finer_scores(trials, thresholds, 0, 40, 5);
  for (const auto& [name, value] : a.values) {
    if (name.ends_with(".seconds")) continue;
    ASSERT_TRUE(a.resampled.contains(name)) << name;
    EXPECT_EQ(a.resampled.at(name).size(), 40u) << name;
  }
  // A resample is the score of the trials drawn.
  const auto weight = statistics::resampling_weights(30, 40, 5);
  std::vector<TrialComparison> drawn;
  for (size_t j = 0; j < 30; ++j)
    for (int n = 0; n < static_cast<int>(weight[j * 40 + 7]); ++n) drawn.push_back(trials[j]);
  const auto b = finer_scores(drawn, thresholds, 0, 10, 1);
  for (const auto* name : {"by_rate.over_10_hz.spike.f1_2ms", "by_rate.over_10_hz.spike.auc"})
    EXPECT_NEAR(a.resampled.at(name)[7], value_of(b.values, name), 1e-6) << name;
}

TEST(FinerScores, OfASilentNeuronAreThoseOfItsVoltage) {
  auto trial = quiet_trial(2000);
  trial.soma_mV = sine(6, 2, 2000);
  Metrics metrics;
  put_finer_scores(metrics, finer_scores(std::vector{trial}, {{}, {}, 0}, 0, 10, 1), false);
  EXPECT_TRUE(metrics.contains("soma.power_explained_4_to_13_hz"));
  for (const auto& [key, value] : metrics) EXPECT_TRUE(key.starts_with("soma.")) << key;
}

}  // namespace
}  // namespace nt::evaluate
