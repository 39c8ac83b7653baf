#include "statistics/variance_explained.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace nt::statistics {
namespace {

const std::vector<double> kTruth{-71, -68, -64, -60, -69, -70};

ErrorSums sums_of(const std::vector<double>& truth, const std::vector<double>& predicted) {
  ErrorSums sums;
  for (size_t i = 0; i < truth.size(); ++i) {
    const double y = truth[i], e = predicted[i] - y;
    sums.add({1, y, y * y, e * e}, 1);
  }
  return sums;
}

TEST(VarianceExplained, IsAllOfItForThePerfectPredictionAndNoneForTheMean) {
  EXPECT_EQ(variance_explained(sums_of(kTruth, kTruth)), 1);
  double mean = 0;
  for (const double y : kTruth) mean += y / static_cast<double>(kTruth.size());
  // Squares of 70 in differences of some tens: 1e-16 * 4900 / 15.
  EXPECT_NEAR(variance_explained(sums_of(kTruth, std::vector<double>(kTruth.size(), mean))), 0, 1e-12);
}

TEST(VarianceExplained, IsBelowNoughtForWhatIsWorseThanTheMean) {
  EXPECT_LT(variance_explained(sums_of(kTruth, std::vector<double>(kTruth.size(), 0.0))), 0);
}

TEST(VarianceExplained, FallsByTheSquaredErrorOverTheVariance) {
  EXPECT_EQ(variance_explained(1, 4), 0.75);
  auto predicted = kTruth;
  for (double& x : predicted) x += 2;
  double mean = 0, variance = 0;
  for (const double y : kTruth) mean += y / static_cast<double>(kTruth.size());
  for (const double y : kTruth) variance += (y - mean) * (y - mean) / static_cast<double>(kTruth.size());
  EXPECT_NEAR(variance_explained(sums_of(kTruth, predicted)), 1 - 4 / variance, 1e-12);
}

TEST(VarianceExplained, IsNotDefinedForAConstant) {
  // A constant whose square rounds leaves a variance of 1e-13.
  const std::vector<double> constant(7, -70.1);
  EXPECT_TRUE(std::isnan(variance_explained(sums_of(constant, {-70, -70, -70, -70, -70, -70, -70}))));
  EXPECT_TRUE(std::isnan(variance_explained(0, 0)));
  EXPECT_TRUE(std::isnan(variance_explained(ErrorSums{})));
}

}  // namespace
}  // namespace nt::statistics
