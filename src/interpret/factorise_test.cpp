#include "interpret/factorise.hpp"

#include <gtest/gtest.h>

#include "random/random.hpp"

namespace neurontwin {
namespace {

TEST(Factorise, FindsTwoPatternsThatMakeUpEverything) {
  auto pattern = torch::zeros({2, 12}, torch::kFloat64);
  for (int64_t i = 0; i < 6; ++i) {
    pattern[0][i] = static_cast<double>(i + 1);
    pattern[1][11 - i] = 1;
  }
  Random random(1, Stage::test_cases, 0, StreamName::test_case);
  auto loading = torch::zeros({30, 2}, torch::kFloat64);
  for (int64_t r = 0; r < 30; ++r) loading[r][r % 3 == 0 ? 1 : 0] = 1 + random.uniform();
  const auto found = factorise(loading.matmul(pattern), 2, 1, 3, 2000);
  EXPECT_LT(found.unexplained, 1e-4);
  // Twenty rows of the larger pattern come first.
  const auto similarity = found.pattern.matmul((pattern / pattern.norm(2, {1}, true)).t());
  EXPECT_GT(similarity[0][0].item<double>(), 0.999);
  EXPECT_GT(similarity[1][1].item<double>(), 0.999);
  EXPECT_GE(found.loading.min().item<double>(), 0);
}

TEST(Factorise, IsTheSameEveryTimeAndKnowsNothingOfZeros) {
  const auto values = torch::arange(20, torch::kFloat64).view({4, 5});
  EXPECT_TRUE(torch::equal(factorise(values, 2, 7).loading, factorise(values, 2, 7).loading));
  const auto nothing = factorise(torch::zeros({4, 5}), 2, 7);
  EXPECT_EQ(nothing.unexplained, 0);
  EXPECT_EQ(nothing.loading.sum().item<double>(), 0);
}

}  // namespace
}  // namespace neurontwin
