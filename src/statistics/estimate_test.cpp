#include "statistics/estimate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "random/random.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::statistics {
namespace {

TEST(Bootstrap, IntervalsHoldTheTruthAsOftenAsTheySay) {
  // The mean of 60 exponential draws, 300 times over: a 90 % percentile interval covers 1 in about 88 % (it
  // runs a little short for skewed samples of this size); the binomial error of 300 cases is 1.8 %.
  int covered = 0;
  for (uint64_t repeat = 0; repeat < 300; ++repeat) {
    random::Random random(2, random::Stage::test_cases, repeat, random::StreamName::test_case);
    std::vector<double> x;
    for (int i = 0; i < 60; ++i) x.push_back(-std::log(random.uniform()));
    const auto weight = resampling_weights(x.size(), 400, repeat);
    std::vector<double> means(400, 0);
    for (size_t i = 0; i < x.size(); ++i) {
      for (size_t b = 0; b < 400; ++b) means[b] += weight[i * 400 + b] * x[i] / 60;
    }
    const auto [low, high] = percentile_interval(means, 0.9);
    covered += low <= 1 && 1 <= high;
  }
  EXPECT_NEAR(covered / 300.0, 0.88, 0.06);
}

TEST(Estimate, HoldsItsValueWhereResamplesLieAroundIt) {
  const auto e = estimate(5, {9, 1, 3, 7, 5, 2, 8, 4, 6});
  EXPECT_EQ(e.value, 5);
  EXPECT_LT(e.low, 5);
  EXPECT_GT(e.high, 5);
}

TEST(Estimate, LeavesAsMuchOutOnEitherSide) {
  // 0, 1, ..., 1000, in an order that is not theirs: the 95 % in the middle.
  std::vector<double> resampled;
  for (int i = 0; i <= 1000; ++i) resampled.push_back(i * 3 % 1001);
  const auto e = estimate(500, resampled), narrow = estimate(500, resampled, 0.5);
  EXPECT_NEAR(e.low, 25, 1e-9);
  EXPECT_NEAR(e.high, 975, 1e-9);
  EXPECT_NEAR(narrow.low, 250, 1e-9);
  EXPECT_NEAR(narrow.high, 750, 1e-9);
}

TEST(Estimate, PaysNoHeedToResamplesThatHaveNoValue) {
  const auto e = estimate({2, {3, NAN, 1, NAN}});
  EXPECT_NEAR(e.low, 1.05, 1e-12);
  EXPECT_NEAR(e.high, 2.95, 1e-12);
  const auto none = estimate(2, {NAN, NAN});
  EXPECT_EQ(none.value, 2);
  EXPECT_TRUE(std::isnan(none.low) && std::isnan(none.high));
  EXPECT_TRUE(std::isnan(estimate(2, {}).low));
}

TEST(Estimate, OfEqualResamplesHasNoWidth) {
  const auto e = estimate(4, std::vector<double>(20, 4.0));
  EXPECT_EQ(e.low, 4);
  EXPECT_EQ(e.high, 4);
}

}  // namespace
}  // namespace nt::statistics
