#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nt::numerics {

/// Points in groups.
struct Clustering {
  std::vector<int> of_point;  // the group of each, from 0 on; no group is empty
  double squared_error = 0;   // sum over points of the squared distance to the mean of their group
};

/// k-means (Lloyd 1982), started as k-means++ starts (Arthur and Vassilvitskii 2007): the best of a few
/// starts. `points` is [point][dimension]; 1 <= k <= number of points. The same seed gives the same groups.
Clustering k_means(std::span<const double> points, size_t dimensions, size_t k, uint64_t seed);

}  // namespace nt::numerics
