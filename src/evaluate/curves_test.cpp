#include "evaluate/curves.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace neurontwin {
namespace {

EventSupport trials_of_6_s(std::vector<int64_t> spikes_of) {
  EventSupport s;
  s.spikes = std::accumulate(spikes_of.begin(), spikes_of.end(), int64_t{0});
  s.total_ms = 6000 * static_cast<int64_t>(spikes_of.size());
  s.spikes_of = std::move(spikes_of);
  return s;
}

TEST(TrialRates, CountEveryTrialInBinsOfWholeNumbersOfSpikes) {
  // Up to 90 spikes in a trial: bins of three, so that there are no more than some forty.
  const std::vector<std::pair<std::string, EventSupport>> splits{{"train", trials_of_6_s({0, 2, 3, 90})},
                                                                 {"test", trials_of_6_s({24, 25, 6})}};
  const auto rates = trial_rates_json(splits);
  EXPECT_EQ(rates["spikes_per_bin"], 3);
  const auto edge_hz = rates["edge_hz"].get<std::vector<double>>();
  const auto train = rates["splits"]["train"]["counts"].get<std::vector<int64_t>>(),
             test = rates["splits"]["test"]["counts"].get<std::vector<int64_t>>();
  ASSERT_EQ(train.size(), 31u);
  ASSERT_EQ(test.size(), 31u);
  ASSERT_EQ(edge_hz.size(), 32u);
  EXPECT_EQ(edge_hz[1], 0.5);  // three spikes in 6 s
  EXPECT_EQ(train[0], 2);
  EXPECT_EQ(train[1], 1);
  EXPECT_EQ(train[30], 1);
  EXPECT_EQ(test[8], 2);
  EXPECT_EQ(std::accumulate(train.begin(), train.end(), int64_t{0}), 4);
  EXPECT_EQ(rates["splits"]["train"]["mean_hz"], 95 / 24.0);
  EXPECT_EQ(rates["splits"]["test"]["trials_above_most"], 1);  // 24 spikes are not too many
  EXPECT_EQ(rates["most_hz"], 4);
}

}  // namespace
}  // namespace neurontwin
