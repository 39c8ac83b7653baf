#include "evaluate/detail/curves.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace nt::evaluate {
namespace {

dataset::EventSupport trials_of_6_s(std::vector<int64_t> spikes_of) {
  dataset::EventSupport s;
  s.spikes = std::accumulate(spikes_of.begin(), spikes_of.end(), int64_t{0});
  s.total_ms = 6000 * static_cast<int64_t>(spikes_of.size());
  s.spikes_of = std::move(spikes_of);
  return s;
}

CrossCorrelation correlation(double base_hz, double spikes, const std::vector<double>& around_0) {
  std::vector<double> rate(101, base_hz);
  for (size_t i = 0; i < around_0.size(); ++i) rate[50 - around_0.size() / 2 + i] = around_0[i];
  return {rate, base_hz, spikes};
}

TEST(CrossCorrelation, HasAPeakWhereItStandsAboveChance) {
  const auto clear = cross_correlation_metrics(correlation(5, 1000, {200, 600, 200}));
  EXPECT_EQ(clear["spike.crosscorrelation_peak_lag_ms"], 0);
  EXPECT_EQ(clear["spike.crosscorrelation_peak_hz"], 600);
  EXPECT_EQ(clear["spike.crosscorrelation_width_ms"], 1);
  // Three pairs among ten spikes where five in a second come by chance say nothing.
  const auto chance = cross_correlation_metrics(correlation(5, 10, {300}));
  EXPECT_TRUE(chance["spike.crosscorrelation_peak_lag_ms"].is_null());
  EXPECT_EQ(chance["spike.crosscorrelation_note"],
            "no peak: 3 pairs of spikes at the best lag, 0.1 by chance");
  const auto wide = cross_correlation_metrics(correlation(5, 1000, std::vector<double>(101, 300)));
  EXPECT_TRUE(wide["spike.crosscorrelation_width_ms"].is_null());
  EXPECT_EQ(wide["spike.crosscorrelation_note"], "wider than the 101 ms looked at");
}

TEST(TrialRates, CountEveryTrialInBinsOfWholeNumbersOfSpikes) {
  // Up to 90 spikes in a trial: bins of three, so that there are no more than some forty.
  const std::vector<std::pair<std::string, dataset::EventSupport>> splits{
      {"train", trials_of_6_s({0, 2, 3, 90})}, {"test", trials_of_6_s({24, 25, 6})}};
  const auto rates = trial_rates(splits);
  EXPECT_EQ(rates.spikes_per_bin, 3);
  ASSERT_EQ(rates.splits.size(), 2u);
  const auto &train = rates.splits[0], &test = rates.splits[1];
  ASSERT_EQ(train.counts.size(), 31u);
  ASSERT_EQ(test.counts.size(), 31u);
  ASSERT_EQ(rates.edge_hz.size(), 32u);
  EXPECT_EQ(rates.edge_hz[1], 0.5);  // three spikes in 6 s
  EXPECT_EQ(train.counts[0], 2);
  EXPECT_EQ(train.counts[1], 1);
  EXPECT_EQ(train.counts[30], 1);
  EXPECT_EQ(test.counts[8], 2);
  EXPECT_EQ(std::accumulate(train.counts.begin(), train.counts.end(), int64_t{0}), 4);
  EXPECT_EQ(train.mean_hz, 95 / 24.0);
  EXPECT_EQ(test.trials_above_most, 1);  // 24 spikes are not too many
  EXPECT_EQ(rates.most_hz, 4);
}

}  // namespace
}  // namespace nt::evaluate
