#include "numerics/solve.hpp"

#include <gtest/gtest.h>

#include "random/random.hpp"

namespace nt::numerics {
namespace {

TEST(Solve, FindsWhatTheRightSideWasMadeFrom) {
  const size_t n = 12;
  random::Random random(6, random::Stage::test_cases, 0, random::StreamName::test_case);
  std::vector<double> a, x, b;
  for (size_t i = 0; i < n * n; ++i) a.push_back(random.normal());
  for (size_t i = 0; i < n; ++i) x.push_back(random.normal());
  for (size_t i = 0; i < n; ++i) {
    b.push_back(0);
    for (size_t j = 0; j < n; ++j) b[i] += a[i * n + j] * x[j];
  }
  const auto found = solve(a, b, 1e-9);
  ASSERT_TRUE(found);
  for (size_t i = 0; i < n; ++i) EXPECT_NEAR((*found)[i], x[i], 1e-11);  // a condition number of some hundred
}

TEST(Solve, ExchangesRowsWhereAPivotIsZero) {
  EXPECT_EQ(solve(std::vector<double>{0, 1, 2, 0}, std::vector<double>{3, 8}, 1e-9),
            (std::vector<double>{4, 3}));
}

TEST(Solve, SaysSoWhereThereIsNoSingleSolution) {
  EXPECT_FALSE(solve(std::vector<double>{1, 2, 2, 4}, std::vector<double>{1, 2}, 1e-9));
  EXPECT_FALSE(solve(std::vector<double>{1, 1, 1, 1 + 1e-12}, std::vector<double>{1, 2}, 1e-9));
  EXPECT_FALSE(solve(std::vector<double>(9, 0.0), std::vector<double>(3, 1.0), 1e-9));
}

}  // namespace
}  // namespace nt::numerics
