#include "statistics/ranking.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "random/random.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::statistics {
namespace {

TEST(AreaUnderRoc, CountsPairsAndHalfTies) {
  const std::vector<float> score{0.1f, 0.4f, 0.4f, 0.9f};
  EXPECT_DOUBLE_EQ(area_under_roc(score, std::vector<uint8_t>{0, 0, 1, 1}), 3.5 / 4);
  EXPECT_DOUBLE_EQ(area_under_roc(score, std::vector<uint8_t>{1, 1, 0, 0}), 0.5 / 4);
  EXPECT_TRUE(std::isnan(area_under_roc(score, std::vector<uint8_t>{0, 0, 0, 0})));
}

TEST(AreaUnderRoc, OfAPerfectRankingIsOneAndOfTheReverseNought) {
  std::vector<float> score;
  std::vector<uint8_t> spike;
  for (int i = 0; i < 100; ++i) {
    score.push_back(static_cast<float>(i));
    spike.push_back(i >= 90);
  }
  const std::vector<TrialBins> perfect{{score, spike}};
  EXPECT_EQ(area_under_roc(score, spike), 1);
  EXPECT_EQ(rank_metrics(rank(perfect), {}).auc, 1);
  std::ranges::reverse(spike);
  const std::vector<TrialBins> reversed{{score, spike}};
  EXPECT_EQ(area_under_roc(score, spike), 0);
  EXPECT_EQ(rank_metrics(rank(reversed), {}).auc, 0);
}

TEST(AreaUnderRoc, DoesNotChangeWhenScoresAreStretched) {
  random::Random random(7, random::Stage::test_cases, 0, random::StreamName::test_case);
  std::vector<float> score, stretched;
  std::vector<uint8_t> spike;
  for (int i = 0; i < 1000; ++i) {
    score.push_back(static_cast<float>(random.integer(-50, 50)) / 10);
    stretched.push_back(std::exp(score.back()));  // keeps the order and the ties
    spike.push_back(random.uniform() < 0.1);
  }
  EXPECT_EQ(area_under_roc(score, spike), area_under_roc(stretched, spike));
}

/// Scores with many ties, labels that lean on the scores.
std::vector<TrialBins> random_trials(size_t trials, size_t bins) {
  std::vector<TrialBins> out;
  for (size_t j = 0; j < trials; ++j) {
    random::Random random(1, random::Stage::test_cases, j, random::StreamName::test_case);
    TrialBins t;
    for (size_t i = 0; i < bins; ++i) {
      t.score.push_back(static_cast<float>(random.integer(0, 300)) / 100);
      t.spike.push_back(random.uniform() < 0.02 * t.score.back());
    }
    out.push_back(t);
  }
  return out;
}

TrialBins pooled(std::span<const TrialBins> trials, std::span<const size_t> chosen) {
  TrialBins all;
  for (const size_t j : chosen) {
    all.score.insert(all.score.end(), trials[j].score.begin(), trials[j].score.end());
    all.spike.insert(all.spike.end(), trials[j].spike.begin(), trials[j].spike.end());
  }
  return all;
}

TEST(Ranking, AucIsThatOfAllBinsPooled) {
  const auto trials = random_trials(6, 500);
  std::vector<size_t> every(6);
  std::iota(every.begin(), every.end(), size_t{0});
  const auto all = pooled(trials, every);
  EXPECT_NEAR(rank_metrics(rank(trials), {}).auc, area_under_roc(all.score, all.spike), 1e-12);
}

TEST(Ranking, AResampleScoresAsItsTrialsPooled) {
  const auto trials = random_trials(5, 400);
  const size_t resamples = 8;
  const auto weight = resampling_weights(trials.size(), resamples, 3);
  const std::vector<double> rates{0.01, 0.1};
  const auto metrics = rank_metrics(rank(trials), rates, weight, resamples);
  for (size_t b = 0; b < resamples; ++b) {
    std::vector<size_t> chosen;
    for (size_t j = 0; j < trials.size(); ++j) {
      for (int n = 0; n < static_cast<int>(weight[j * resamples + b]); ++n) chosen.push_back(j);
    }
    ASSERT_EQ(chosen.size(), trials.size());
    const auto all = pooled(trials, chosen);
    EXPECT_NEAR(metrics[b].auc, area_under_roc(all.score, all.spike),
                1e-6);  // ranks are kept in single precision
    const std::vector<TrialBins> one{all};
    EXPECT_NEAR(metrics[b].tpr[1], rank_metrics(rank(one), rates).tpr[1], 1e-6);
  }
}

TEST(Ranking, RatesAndPrecisionOfAHandMadeCase) {
  // From the top: spike, none, spike, none, none.
  const std::vector<TrialBins> trials{{{5, 4, 3, 2, 1}, {1, 0, 1, 0, 0}}};
  const std::vector<double> rates{0.0, 0.34, 1.0};
  const auto m = rank_metrics(rank(trials), rates);
  EXPECT_DOUBLE_EQ(m.auc, 5.0 / 6);
  EXPECT_DOUBLE_EQ(m.average_precision, (1.0 + 2.0 / 3) / 2);
  EXPECT_EQ(m.tpr, (std::vector<double>{0.5, 1.0, 1.0}));
}

TEST(Ranking, WithoutSpikesThereIsNothingToRank) {
  const std::vector<TrialBins> trials{{{1, 2}, {0, 0}}};
  EXPECT_TRUE(std::isnan(rank_metrics(rank(trials), {}).auc));
}

TEST(Ranking, TheBootstrapByRanksIsThatOfASortForEachResample) {
  const auto trials = random_trials(9, 300);
  const size_t resamples = 100;
  const auto weight = resampling_weights(trials.size(), resamples, 11);
  const auto by_ranks = resampled_auc(rank(trials), weight, resamples);
  std::vector<double> by_sorting;
  for (size_t b = 0; b < resamples; ++b) {
    std::vector<size_t> chosen;
    for (size_t j = 0; j < trials.size(); ++j)
      chosen.insert(chosen.end(), static_cast<size_t>(weight[j * resamples + b]), j);
    const auto all = pooled(trials, chosen);
    by_sorting.push_back(area_under_roc(all.score, all.spike));
    ASSERT_NEAR(by_ranks.resampled[b], by_sorting[b], 1e-6);  // ranks are kept in single precision
  }
  const auto fast = estimate(by_ranks), plain = estimate(by_ranks.value, by_sorting);
  EXPECT_NEAR(fast.low, plain.low, 1e-6);
  EXPECT_NEAR(fast.high, plain.high, 1e-6);
  EXPECT_LT(fast.low, fast.value);
  EXPECT_GT(fast.high, fast.value);
}

TEST(Ranking, TheCurveRisesFromNothingToEverythingAndItsAreaIsTheOneOfTheRanks) {
  const auto table = rank(random_trials(6, 500));
  const auto curve = roc_curve(table, 1'000'000);
  EXPECT_EQ(curve.front().true_positive_rate, 0);
  EXPECT_EQ(curve.back().true_positive_rate, 1);
  double area = 0;
  for (size_t i = 1; i < curve.size(); ++i) {
    ASSERT_GE(curve[i].false_positive_rate, curve[i - 1].false_positive_rate);
    ASSERT_GE(curve[i].true_positive_rate, curve[i - 1].true_positive_rate);
    // A bin with a spike is found at its own false-positive rate: steps, not trapezia.
    area +=
        (curve[i].true_positive_rate - curve[i - 1].true_positive_rate) * (1 - curve[i].false_positive_rate);
  }
  EXPECT_NEAR(area, rank_metrics(table, {}).auc, 1e-9);
}

}  // namespace
}  // namespace nt::statistics
