#include "numerics/minimise.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "numerics/solve.hpp"
#include "random/random.hpp"

namespace nt::numerics {
namespace {

TEST(Minimise, FindsTheBottomOfACurvedValley) {
  // Rosenbrock's function; its minimum is at (1, 1).
  const auto f = [](const std::vector<double>& x, std::vector<double>& g) {
    const double a = 1 - x[0], b = x[1] - x[0] * x[0];
    g = {-2 * a - 400 * x[0] * b, 200 * b};
    return a * a + 100 * b * b;
  };
  const auto x = minimise(f, {-1.2, 1}, {.most_evaluations = 200}, [](const auto&) { return true; });
  EXPECT_NEAR(x[0], 1, 1e-6);
  EXPECT_NEAR(x[1], 1, 1e-6);
}

/// A quadratic bowl  x A x / 2 - b x  of n dimensions, whose curvatures span a factor of 100 or so.
struct Bowl {
  static constexpr size_t n = 8;
  std::vector<double> a = std::vector<double>(n * n, 0.0), b;

  Bowl() {
    random::Random random(5, random::Stage::test_cases, 0, random::StreamName::test_case);
    for (size_t k = 0; k < n; ++k) {
      std::vector<double> v;
      for (size_t i = 0; i < n; ++i) v.push_back(random.normal());
      for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) a[i * n + j] += v[i] * v[j];
      a[k * n + k] += 0.5;
      b.push_back(random.normal());
    }
  }
  double operator()(const std::vector<double>& x, std::vector<double>& g) const {
    double value = 0;
    for (size_t i = 0; i < n; ++i) {
      g[i] = -b[i];
      for (size_t j = 0; j < n; ++j) g[i] += a[i * n + j] * x[j];
      value += x[i] * (g[i] - b[i]) / 2;
    }
    return value;
  }
};

TEST(Minimise, FindsTheBottomOfABowlWhereTheLinearEquationsHaveIt) {
  const Bowl bowl;
  const auto x = minimise(bowl, std::vector<double>(Bowl::n, 0.0),
                          {.most_evaluations = 300, .curvature = 8, .least_gain = 1e-15},
                          [](const auto&) { return true; });
  const auto bottom = solve(bowl.a, bowl.b, 1e-9);
  ASSERT_TRUE(bottom);
  // It ends where the value gains no more digits, which is at half of the digits of x.
  for (size_t i = 0; i < Bowl::n; ++i) EXPECT_NEAR(x[i], (*bottom)[i], 1e-6);
}

TEST(Minimise, NeverAsksMoreOftenThanItMayAndStopsWhenToldTo) {
  const Bowl bowl;
  int asked = 0, steps = 0;
  const auto counting = [&](const std::vector<double>& x, std::vector<double>& g) {
    ++asked;
    return bowl(x, g);
  };
  minimise(counting, std::vector<double>(Bowl::n, 0.0), {.most_evaluations = 5},
           [](const auto&) { return true; });
  EXPECT_EQ(asked, 5);
  minimise(counting, std::vector<double>(Bowl::n, 0.0), {.curvature = 8},
           [&](const auto&) { return ++steps < 3; });
  EXPECT_EQ(steps, 3);
}

}  // namespace
}  // namespace nt::numerics
