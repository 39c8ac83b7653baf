#include "evaluate/evaluate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evaluate/detail/spike_timing.hpp"

namespace nt::evaluate {
namespace {

TEST(SpikeTiming, ARunAboveThresholdIsOneSpikeAtItsPeak) {
  const std::vector<float> score{0, 2, 3, 2, 0, 2, 0, 0, 5};
  EXPECT_EQ(spikes_above(score, 1), (std::vector<int64_t>{2, 5, 8}));
  EXPECT_EQ(spikes_above(score, 9), std::vector<int64_t>{});
}

/// The most pairs, by trying all subsets of pairs in order (small cases only).
int64_t most_matches(std::span<const int64_t> p, std::span<const int64_t> a, int64_t tolerance) {
  if (p.empty() || a.empty()) return 0;
  int64_t best = std::max(most_matches(p.subspan(1), a, tolerance), most_matches(p, a.subspan(1), tolerance));
  if (std::abs(p[0] - a[0]) <= tolerance)
    best = std::max(best, 1 + most_matches(p.subspan(1), a.subspan(1), tolerance));
  return best;
}

TEST(SpikeTiming, MatchingFindsTheMostPairs) {
  for (uint64_t i = 0; i < 200; ++i) {
    random::Random random(4, random::Stage::test_cases, i, random::StreamName::test_case);
    const auto draw = [&] {
      std::vector<int64_t> times;
      for (int64_t n = random.integer(0, 7); n > 0; --n) times.push_back(random.integer(0, 25));
      std::sort(times.begin(), times.end());
      times.erase(std::unique(times.begin(), times.end()), times.end());
      return times;
    };
    const auto p = draw(), a = draw();
    for (const int64_t tolerance : {0, 1, 2, 5}) {
      EXPECT_EQ(match_spikes(p, a, tolerance).matched, most_matches(p, a, tolerance));
    }
  }
}

TEST(SpikeTiming, CrossCorrelationCountsLags) {
  std::vector<int64_t> counts(7, 0);
  add_cross_correlation(std::vector<int64_t>{10, 12, 40}, std::vector<int64_t>{11, 39}, 3, counts);
  EXPECT_EQ(counts, (std::vector<int64_t>{0, 0, 1, 0, 2, 0, 0}));  // 10-11, 12-11 and 40-39
}

TrialComparison one_trial() {
  TrialComparison t;
  random::Random random(6, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (int i = 0; i < 1000; ++i) {
    t.spike.push_back(random.uniform() < 0.01);
    t.spike_log_odds.push_back(static_cast<float>(-4 + random.normal() + 3 * t.spike.back()));
    t.soma_mV.push_back(static_cast<float>(-65 + 4 * random.normal()));
    t.predicted_soma_mV.push_back(static_cast<float>(0.5 * (t.soma_mV.back() + 65) - 60 + random.normal()));
  }
  return t;
}

TEST(Scores, VoltageMetricsFromSumsEqualTheirDefinitions) {
  const auto t = one_trial();
  const auto m = voltage_metrics(score_trial(t, {}, {}, 0.01));
  const double n = 1000;
  const auto mean = [&](const auto& f) {
    double sum = 0;
    for (size_t i = 0; i < 1000; ++i) sum += f(i);
    return sum / n;
  };
  const double my = mean([&](size_t i) { return t.soma_mV[i]; }),
               mx = mean([&](size_t i) { return t.predicted_soma_mV[i]; });
  const double vy = mean([&](size_t i) { return std::pow(t.soma_mV[i] - my, 2); });
  const double vx = mean([&](size_t i) { return std::pow(t.predicted_soma_mV[i] - mx, 2); });
  const double mse = mean([&](size_t i) { return std::pow(t.predicted_soma_mV[i] - t.soma_mV[i], 2); });
  const double rescaled = mean([&](size_t i) {
    const double x = (t.predicted_soma_mV[i] - mx) / std::sqrt(vx) * std::sqrt(vy) + my;
    return std::pow(x - t.soma_mV[i], 2);
  });
  EXPECT_NEAR(m.rmse_mV, std::sqrt(mse), 1e-6);
  EXPECT_NEAR(m.mae_mV, mean([&](size_t i) { return std::abs(t.predicted_soma_mV[i] - t.soma_mV[i]); }),
              1e-6);
  EXPECT_NEAR(m.variance_explained, 1 - mse / vy, 1e-6);
  EXPECT_NEAR(m.rmse_rescaled_mV, std::sqrt(rescaled), 1e-5);
  EXPECT_NEAR(m.variance_explained_rescaled, 1 - rescaled / vy, 1e-5);
}

TEST(Scores, ThresholdsLetTheAskedShareOfValidationBinsThrough) {
  const std::vector<TrialComparison> valid{one_trial()};
  const std::vector<double> rates{0.01, 0.1};
  const auto chosen = choose_thresholds(valid, rates);
  const auto sums = score_trial(valid[0], {}, chosen, 0.01);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(sums.false_alarms[i] / (sums.bins - sums.spikes), rates[i], 1 / (sums.bins - sums.spikes));
  }
}

TEST(Scores, TheRateThatIsMetStandsBesideTheOneAskedFor) {
  // 1000 bins without a spike, log-odds rising evenly; in the test set the highest 20 are 5 higher than in
  // validation, so that a threshold for 0.01 lets 0.02 through. Ten spikes lie between the two thresholds.
  const auto trial = [](double more) {
    TrialComparison t;
    for (int i = 0; i < 1000; ++i) {
      t.spike.push_back(0);
      t.spike_log_odds.push_back(static_cast<float>(i / 1000.0 - 4 + (i >= 980 ? more : 0)));
    }
    for (int i = 0; i < 10; ++i) {
      t.spike.push_back(1);
      t.spike_log_odds.push_back(-1);
    }
    t.soma_mV.assign(t.spike.size(), -65.0f);
    t.predicted_soma_mV = t.soma_mV;
    return t;
  };
  const std::vector<TrialComparison> valid{trial(0)}, test{trial(5)};
  const auto scored = score(valid, test, 0, 0.01);
  const auto metrics = metrics_of(scored);
  const auto value = [&](const std::string& name) {
    for (const auto& [key, of] : metrics)
      if (key == name) return of;
    return std::nan("");
  };
  EXPECT_EQ(value("spike.tpr_at_fpr_0.01"), 1);
  EXPECT_NEAR(value("spike.fpr_at_fpr_0.01"), 0.02, 1e-12);
  EXPECT_NEAR(value("spike.false_positives_per_s_at_fpr_0.01"), 20 / 1.01, 1e-9);
  // On the test set's own curve 20 false positives come before the first spike: none is found at 10 of them.
  EXPECT_EQ(value("spike.tpr_at_test_fpr_0.01"), 0);
  const auto resampled = resampled_metrics(scored, 20, 1);
  Metrics written;
  put_scores(written, "baseline.some.", scored, resampled, is_compared);
  for (const auto* beside : {"fpr_at_fpr_0.01", "false_positives_per_s_at_fpr_0.01", "tpr_at_test_fpr_0.01"})
    EXPECT_TRUE(written.contains(std::string("baseline.some.spike.") + beside)) << beside;
}

TEST(Scores, ThePublishedConventionDropsWhatItSays) {
  auto t = one_trial();
  const auto honest = score_trial(t, {}, {}, 0.01),
             published = score_trial(t, published_convention(), {}, 0.01);
  EXPECT_EQ(honest.bins, 1000);
  EXPECT_EQ(published.bins, 500);
  std::fill_n(t.spike.begin(), 25, uint8_t{1});
  EXPECT_EQ(score_trial(t, published_convention(), {}, 0.01).bins, 0);
}

TEST(Scores, EachTrialWithASpikeHasAnAreaOfItsOwn) {
  // One trial is perfect, one upside down, one silent: 0.5 on average, whatever all bins pooled would say.
  const auto trial = [](std::vector<uint8_t> spike) {
    TrialComparison t;
    t.spike = std::move(spike);
    t.spike_log_odds = {2, 0, -2};
    t.soma_mV = t.predicted_soma_mV = {-65, -65, -65};
    return score_trial(t, {}, {}, 0.01);
  };
  ScoreSums total;
  for (const auto& t : {trial({1, 0, 0}), trial({0, 0, 1}), trial({0, 0, 0})}) total.add(t, 1);
  EXPECT_EQ(total.ranked_trials, 2);
  EXPECT_EQ(total.auc, 1);
}

TEST(Scores, CountsInSixteenthsOfATrialOfAHandMadeCase) {
  // 32 bins: blocks of two. Spikes in blocks 0 to 3; the twin expects 0.5 there and 0.25 too much in block 4.
  TrialComparison t;
  t.spike.assign(32, 0);
  t.spike_log_odds.assign(32, -50.0f);
  t.soma_mV.assign(32, -65.0f);
  t.predicted_soma_mV = t.soma_mV;
  for (size_t block = 0; block < 4; ++block) {
    t.spike[2 * block] = 1;
    t.spike_log_odds[2 * block + 1] = 0;
  }
  t.spike_log_odds[8] = std::log(1.0f / 3);
  const auto m = count_metrics(score_trial(t, {}, {}, 0.01));
  const double variance_n = 0.25 * 0.75, mean_m = 2.25 / 16;
  const double variance_m = (4 * 0.25 + 0.0625) / 16 - mean_m * mean_m;
  EXPECT_NEAR(m.variance_explained, 1 - (4 * 0.25 + 0.0625) / 16 / variance_n, 1e-6);
  EXPECT_NEAR(m.correlation, (4 * 0.5 / 16 - 0.25 * mean_m) / std::sqrt(variance_n * variance_m), 1e-6);
}

TEST(Scores, AConstantRateTwinHasNoBitsPerSpike) {
  auto t = one_trial();
  std::fill(t.spike_log_odds.begin(), t.spike_log_odds.end(), static_cast<float>(std::log(0.01 / 0.99)));
  const auto sums = score_trial(t, {}, {}, 0.01);
  EXPECT_NEAR(sums.log_loss, sums.rate_log_loss, 1e-4);
}

}  // namespace
}  // namespace nt::evaluate
