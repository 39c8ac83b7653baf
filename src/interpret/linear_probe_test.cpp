#include "interpret/linear_probe.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace neurontwin {
namespace {

ProbeSums sums_of(const torch::Tensor& features, const torch::Tensor& quantities) {
  ProbeSums sums;
  for (int64_t first = 0; first < features.size(0); first += 500)  // as trials come, part by part
    sums.add(features.narrow(0, first, 500), quantities.narrow(0, first, 500));
  return sums;
}

/// 1 - mean squared error / variance, of each quantity.
torch::Tensor variance_explained(const torch::Tensor& predicted, const torch::Tensor& truth) {
  return 1 - (predicted - truth).pow(2).mean(0) / truth.var(0, false);
}

TEST(ALinearProbe, FindsALinearFunctionOfItsFeaturesAndNotWhatIsIndependentOfThem) {
  torch::manual_seed(1);
  const int64_t n = 3000;
  const auto x =
      torch::randn({2 * n, 12}, torch::kFloat64) * torch::logspace(-3, 3, 12, 10, torch::kFloat64) + 5;
  const auto weight = 1 / torch::logspace(-3, 3, 12, 10, torch::kFloat64);
  const auto exact = x.matmul(weight) - 70, half_noise = exact + std::sqrt(12.0) * torch::randn({2 * n});
  const auto y = torch::stack({exact, half_noise, torch::randn({2 * n}, torch::kFloat64)}, 1);
  const auto probe = fit_probe(sums_of(x.narrow(0, 0, n / 2), y.narrow(0, 0, n / 2)),
                               sums_of(x.narrow(0, n / 2, n / 2), y.narrow(0, n / 2, n / 2)));
  const auto found = variance_explained(probe.predict(x.narrow(0, n, n)), y.narrow(0, n, n));
  EXPECT_NEAR(found[0].item<double>(), 1, 1e-8);
  EXPECT_NEAR(found[1].item<double>(), 0.5, 0.04);  // as much noise as signal; 3000 samples
  EXPECT_NEAR(found[2].item<double>(), 0, 0.01);    // and 12 weights that mean nothing
  EXPECT_GT(probe.penalty[2], probe.penalty[0]);    // the less there is to find, the more cautious
}

TEST(ALinearProbe, TellsApartFeaturesThatAreAlmostTheSame) {
  // Float noise in features nobody can see through does not blow the weights up.
  torch::manual_seed(2);
  const auto a = torch::randn({4000, 1}, torch::kFloat64);
  const auto x = torch::cat({a, a + 1e-9 * torch::randn_like(a), torch::full_like(a, 3)}, 1);
  const auto y = 2 * a;
  const auto probe = fit_probe(sums_of(x.narrow(0, 0, 1000), y.narrow(0, 0, 1000)),
                               sums_of(x.narrow(0, 1000, 1000), y.narrow(0, 1000, 1000)));
  EXPECT_NEAR(variance_explained(probe.predict(x), y)[0].item<double>(), 1, 1e-8);
  EXPECT_LT(probe.weight.abs().max().item<double>(), 3);
  EXPECT_EQ(probe.weight[2][0].item<double>(), 0);  // a constant says nothing
}

}  // namespace
}  // namespace neurontwin
