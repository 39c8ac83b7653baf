#include "search/detail/criterion.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "random/random.hpp"
#include "statistics/bootstrap.hpp"
#include "statistics/ranking.hpp"

namespace nt::search {
namespace {

/// Trials in which a network's log-odds know the spikes but for noise of this size; the trials are the same
/// for every noise.
std::vector<evaluate::TrialComparison> answers_with_noise(double sd, size_t trials = 12,
                                                          uint32_t network = 0) {
  std::vector<evaluate::TrialComparison> all;
  for (size_t i = 0; i < trials; ++i) {
    random::Random truth(1, random::Stage::test_cases, i, random::StreamName::test_case),
        noise(1, random::Stage::test_cases, i, {random::StreamName::test_case, 1 + network});
    evaluate::TrialComparison trial;
    for (int t = 0; t < 300; ++t) {
      const double drive = truth.normal();
      trial.spike.push_back(drive > 2);
      trial.soma_mV.push_back(static_cast<float>(-65 + drive));
      trial.spike_log_odds.push_back(static_cast<float>(drive + sd * noise.normal()));
      trial.predicted_soma_mV.push_back(static_cast<float>(-65 + drive + sd * noise.normal()));
    }
    all.push_back(std::move(trial));
  }
  return all;
}

constexpr size_t kResamples = 200;

Answers measured(const std::vector<evaluate::TrialComparison>& trials) {
  return measure(trials, 0, statistics::resampling_weights(trials.size(), kResamples, 5), kResamples);
}

TEST(Criterion, APairedBootstrapIsTheNaiveOne) {
  // Every resample's trials are put together again and ranked as if they were the data.
  const auto a = answers_with_noise(0.3), b = answers_with_noise(0.6, 12, 1);
  const auto weight = statistics::resampling_weights(a.size(), kResamples, 5);
  const auto comparison = compare_with_best(measured(a).auc, measured(b).auc, 0.01, 0.95);
  std::vector<double> naive;
  for (size_t r = 0; r < kResamples; ++r) {
    std::vector<float> score_a, score_b;
    std::vector<uint8_t> spike;
    for (size_t i = 0; i < a.size(); ++i) {
      for (int times = 0; times < static_cast<int>(weight[i * kResamples + r]); ++times) {
        score_a.insert(score_a.end(), a[i].spike_log_odds.begin(), a[i].spike_log_odds.end());
        score_b.insert(score_b.end(), b[i].spike_log_odds.begin(), b[i].spike_log_odds.end());
        spike.insert(spike.end(), a[i].spike.begin(), a[i].spike.end());
      }
    }
    naive.push_back(statistics::area_under_roc(score_a, spike) - statistics::area_under_roc(score_b, spike));
    EXPECT_NEAR(measured(a).auc.resampled[r] - measured(b).auc.resampled[r], naive.back(), 1e-6);
  }
  const auto interval = statistics::percentile_interval(naive, 0.95);
  EXPECT_NEAR(comparison.difference.low, interval.first, 1e-6);  // ranks are summed in float32
  EXPECT_NEAR(comparison.difference.high, interval.second, 1e-6);
}

TEST(Criterion, PairingTellsNetworksApartThatTheirOwnIntervalsDoNot) {
  // Trials differ more than the networks do; the same trials are hard for both.
  const auto better = measured(answers_with_noise(0.30, 40)),
             worse = measured(answers_with_noise(0.45, 40, 1));
  const auto own = statistics::percentile_interval(worse.auc.resampled, 0.95);
  const auto comparison = compare_with_best(better.auc, worse.auc, 0, 0.95);
  EXPECT_LT(comparison.difference.high - comparison.difference.low, 1.5 * (own.second - own.first));
  EXPECT_EQ(comparison.not_worse, Verdict::no);
}

TEST(Criterion, SaysYesNoOrThatTheDataDoNotDecide) {
  const auto best = measured(answers_with_noise(0.3));
  const auto alike = measured(answers_with_noise(0.3, 12, 1)), bad = measured(answers_with_noise(3, 12, 2));
  EXPECT_EQ(compare_with_best(best.auc, best.auc, 0, 0.95).not_worse, Verdict::yes);
  EXPECT_EQ(compare_with_best(best.auc, alike.auc, 0.02, 0.95).not_worse, Verdict::yes);
  EXPECT_EQ(compare_with_best(best.auc, alike.auc, best.auc.value - alike.auc.value, 0.95).not_worse,
            Verdict::undecided);
  EXPECT_EQ(compare_with_best(best.auc, bad.auc, 0.02, 0.95).not_worse, Verdict::no);
  EXPECT_EQ(reaches(best.auc, 0.9, 0.95), Verdict::yes);
  EXPECT_EQ(reaches(best.auc, best.auc.value, 0.95), Verdict::undecided);
  EXPECT_EQ(reaches(bad.auc, 0.99, 0.95), Verdict::no);
}

TEST(Criterion, SeveralTrainingsAreTheirMeanAndSpreadWiderThanTrialsAlone) {
  // Five trainings of one network that came out differently, and one that always comes out the same.
  std::vector<Answers> each;
  for (uint32_t k = 0; k < 5; ++k) each.push_back(measured(answers_with_noise(0.3 + 0.1 * k, 40, k)));
  std::vector<const Answers*> all, same;
  double mean = 0;
  for (const auto& answers : each) {
    all.push_back(&answers);
    same.push_back(&each[2]);
    mean += answers.auc.value / 5;
  }
  const auto several = mean_of(all, 3), alike = mean_of(same, 3);
  EXPECT_NEAR(several.auc.value, mean, 1e-12);
  EXPECT_NEAR(several.rmse_mV, 0.5, 0.02);
  const auto width = [](const Measured& m) {
    const auto [low, high] = statistics::percentile_interval(m.resampled, 0.95);
    return high - low;
  };
  for (size_t b = 0; b < kResamples; ++b) EXPECT_NEAR(alike.auc.resampled[b], each[2].auc.resampled[b], 1e-6);
  EXPECT_GT(width(several.auc), 1.3 * width(alike.auc));
  EXPECT_EQ(mean_of(std::vector{all[1]}, 3).auc.resampled, each[1].auc.resampled);
}

TEST(Criterion, TheVoltagesVarianceIsExplainedButForTheNoise) {
  const auto answers = measured(answers_with_noise(0.5));
  // Noise of a quarter of the drive's variance; 3600 bins: standard error of the ratio about 0.006.
  EXPECT_NEAR(answers.variance_explained.value, 0.75, 0.02);
  EXPECT_NEAR(answers.rmse_mV, 0.5, 0.02);
  const auto interval = statistics::percentile_interval(answers.variance_explained.resampled, 0.95);
  EXPECT_LT(interval.first, answers.variance_explained.value);
  EXPECT_GT(interval.second, answers.variance_explained.value);
}

TEST(Criterion, TheSmallestNetworkHasAnInterval) {
  const auto large = measured(answers_with_noise(0.30)), middle = measured(answers_with_noise(0.33, 12, 1)),
             small = measured(answers_with_noise(3, 12, 2));
  const std::vector<double> sizes{7, 2, 1};
  const std::vector<const Measured*> auc{&large.auc, &middle.auc, &small.auc};
  // Within 0.001 of each other now and then, never within so much of the small one.
  const auto [low, high] = size_interval(smallest_not_worse(sizes, auc, 0.001), 0.95);
  EXPECT_EQ(low, 2);
  EXPECT_EQ(high, 7);
  const auto generous = size_interval(smallest_not_worse(sizes, auc, 0.1), 0.95);
  EXPECT_EQ(generous, std::pair(2.0, 2.0));
  const std::vector<const Answers*> all{&large, &middle, &small};
  EXPECT_EQ(size_interval(smallest_on_target(sizes, all, 0.5, 0), 0.95), std::pair(1.0, 1.0));
  EXPECT_TRUE(std::isinf(size_interval(smallest_on_target(sizes, all, 0.99999, 0), 0.95).first));
}

TEST(Criterion, TheComplexityIndexIsNoughtAtThreeNinesAndOneAtOne) {
  EXPECT_NEAR(complexity_index(0.999), 0, 1e-12);
  EXPECT_NEAR(complexity_index(0.9), 1, 1e-12);
}

TEST(WidthOrDepth, FindsWhatBuysMoreAndHowSurely) {
  // error = 0.1 x 0.9^log2(depth) x 0.8^log2(parameters), some percent apart, a best learning rate of
  // 10^-2.5.
  std::vector<TrainedNetwork> networks;
  for (uint64_t i = 0; i < 200; ++i) {
    random::Random random(1, random::Stage::test_cases, i, {random::StreamName::test_case, 9});
    TrainedNetwork n;
    n.depth = static_cast<double>(random.integer(1, 8));
    n.parameters = std::exp2(random.uniform(6, 14));
    n.learning_rate = std::pow(10, random.uniform(-4, -1));
    n.fully_connected = random.uniform() < 0.5;
    const double from_best = std::log10(n.learning_rate) + 2.5;
    n.score = 1 - 0.1 * std::pow(0.9, std::log2(n.depth)) * std::pow(0.8, std::log2(n.parameters)) *
                      std::exp(0.2 * from_best * from_best + 0.05 * random.normal());
    networks.push_back(n);
  }
  const auto fit = width_or_depth(networks, 0.95, 1);
  EXPECT_NEAR(fit.error_factor_of_depth.value, 0.9, 0.01);
  EXPECT_NEAR(fit.error_factor_of_parameters.value, 0.8, 0.005);
  EXPECT_LT(fit.error_factor_of_depth.low, fit.error_factor_of_depth.value);
  EXPECT_LT(fit.error_factor_of_depth.high, 0.95);
}

TEST(WidthOrDepth, SaysNothingOfTooFewNetworksOrOfOneDepth) {
  EXPECT_TRUE(std::isnan(width_or_depth({}, 0.95, 1).error_factor_of_depth.value));
  std::vector<TrainedNetwork> networks;
  for (int i = 0; i < 40; ++i) networks.push_back({0.9 + 0.001 * i, 2, 100.0 + i * i, 1e-3, false});
  EXPECT_TRUE(std::isnan(width_or_depth(networks, 0.95, 1).error_factor_of_depth.value));
}

}  // namespace
}  // namespace nt::search
