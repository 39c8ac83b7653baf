#include "numerics/k_means.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "random/random.hpp"

namespace nt::numerics {
namespace {

/// Points around `centres` in a plane, `each` to a centre, in turns.
std::vector<double> points_around(const std::vector<std::array<double, 2>>& centres, size_t each, double sd) {
  random::Random random(3, random::Stage::test_cases, 0, random::StreamName::test_case);
  std::vector<double> points;
  for (size_t i = 0; i < each; ++i) {
    for (const auto& centre : centres) {
      for (const double x : centre) points.push_back(x + sd * random.normal());
    }
  }
  return points;
}

TEST(KMeans, FindsWellSeparatedGroups) {
  const std::vector<std::array<double, 2>> centres{{0, 0}, {10, 0}, {0, 10}, {10, 10}, {30, 5}};
  const auto points = points_around(centres, 20, 0.5);
  const auto groups = k_means(points, 2, centres.size(), 1);
  std::map<int, size_t> centre_of;
  for (size_t i = 0; i < groups.of_point.size(); ++i) {
    const auto [place, is_new] = centre_of.emplace(groups.of_point[i], i % centres.size());
    EXPECT_EQ(place->second, i % centres.size()) << "point " << i;
  }
  EXPECT_EQ(centre_of.size(), centres.size());
  EXPECT_NEAR(groups.squared_error, 100 * 2 * 0.25, 15);  // two dimensions; chi-square of 190: sd 5
}

TEST(KMeans, GivesTheSameGroupsForASeed) {
  const auto points = points_around({{0, 0}}, 200, 1);
  EXPECT_EQ(k_means(points, 2, 9, 4).of_point, k_means(points, 2, 9, 4).of_point);
  EXPECT_NE(k_means(points, 2, 9, 4).of_point, k_means(points, 2, 9, 5).of_point);
}

TEST(KMeans, LeavesNoGroupEmpty) {
  // Three places for five groups: two groups have to share a place with another.
  const std::vector<double> points{1, 1, 1, 1, 2, 2, 2, 3, 3, 3};
  for (const size_t k : {size_t{1}, size_t{3}, size_t{5}, size_t{10}}) {
    const auto groups = k_means(points, 1, k, 1);
    for (int group = 0; group < static_cast<int>(k); ++group)
      EXPECT_GT(std::ranges::count(groups.of_point, group), 0) << k << " groups";
    if (k >= 3) {
      EXPECT_NEAR(groups.squared_error, 0, 1e-12);
    }
  }
}

}  // namespace
}  // namespace nt::numerics
