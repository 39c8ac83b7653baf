#include "numerics/k_means.hpp"

#include <algorithm>
#include <limits>

#include "random/random.hpp"

namespace nt::numerics {
namespace {

constexpr int kStarts = 4, kMostRounds = 100;

double squared_distance(const double* a, const double* b, size_t dimensions) {
  double sum = 0;
  for (size_t d = 0; d < dimensions; ++d) sum += (a[d] - b[d]) * (a[d] - b[d]);
  return sum;
}

struct Points {
  std::span<const double> values;
  size_t dimensions;

  size_t count() const { return values.size() / dimensions; }
  const double* at(size_t point) const { return values.data() + point * dimensions; }
};

/// Each centre is a point, drawn in proportion to its squared distance from the nearest one before it.
std::vector<double> first_centres(const Points& points, size_t k, random::Random& random) {
  std::vector<double> centres;
  std::vector<double> distance(points.count(), std::numeric_limits<double>::infinity());
  auto chosen = static_cast<size_t>(random.integer(0, static_cast<int64_t>(points.count()) - 1));
  for (;;) {
    centres.insert(centres.end(), points.at(chosen), points.at(chosen) + points.dimensions);
    if (centres.size() == k * points.dimensions) return centres;
    double sum = 0;
    for (size_t i = 0; i < points.count(); ++i) {
      distance[i] =
          std::min(distance[i], squared_distance(points.at(i), points.at(chosen), points.dimensions));
      sum += distance[i];
    }
    double left = random.uniform() * sum;
    chosen = 0;
    while (chosen + 1 < points.count() && (left -= distance[chosen]) > 0) ++chosen;
  }
}

/// Puts each point to its nearest centre. Returns whether any moved.
bool assign(const Points& points, std::span<const double> centres, Clustering& groups) {
  bool moved = false;
  groups.squared_error = 0;
  for (size_t i = 0; i < points.count(); ++i) {
    double nearest = std::numeric_limits<double>::infinity();
    int group = 0;
    for (size_t c = 0; c * points.dimensions < centres.size(); ++c) {
      const double d =
          squared_distance(points.at(i), centres.data() + c * points.dimensions, points.dimensions);
      if (d < nearest) {
        nearest = d;
        group = static_cast<int>(c);
      }
    }
    moved |= groups.of_point[i] != group;
    groups.of_point[i] = group;
    groups.squared_error += nearest;
  }
  return moved;
}

/// A group that lost its points takes the point farthest from the centre of a group that has several.
void fill_empty(const Points& points, std::span<const double> centres, Clustering& groups) {
  std::vector<size_t> members(centres.size() / points.dimensions, 0);
  for (const int group : groups.of_point) ++members[group];
  for (size_t empty = 0; empty < members.size(); ++empty) {
    if (members[empty] > 0) continue;
    size_t farthest = 0;
    double most = -1;
    for (size_t i = 0; i < points.count(); ++i) {
      const auto group = static_cast<size_t>(groups.of_point[i]);
      if (members[group] < 2) continue;
      const double d =
          squared_distance(points.at(i), centres.data() + group * points.dimensions, points.dimensions);
      if (d > most) {
        most = d;
        farthest = i;
      }
    }
    --members[groups.of_point[farthest]];
    groups.of_point[farthest] = static_cast<int>(empty);
    members[empty] = 1;
  }
}

std::vector<double> means(const Points& points, const Clustering& groups, size_t k) {
  std::vector<double> centres(k * points.dimensions, 0.0), members(k, 0.0);
  for (size_t i = 0; i < points.count(); ++i) {
    const auto group = static_cast<size_t>(groups.of_point[i]);
    ++members[group];
    for (size_t d = 0; d < points.dimensions; ++d) centres[group * points.dimensions + d] += points.at(i)[d];
  }
  for (size_t i = 0; i < centres.size(); ++i) centres[i] /= members[i / points.dimensions];
  return centres;
}

}  // namespace

Clustering k_means(std::span<const double> values, size_t dimensions, size_t k, uint64_t seed) {
  const Points points{values, dimensions};
  Clustering best{{}, std::numeric_limits<double>::infinity()};
  for (int start = 0; start < kStarts; ++start) {
    random::Random random(seed, random::Stage::cluster_centres, static_cast<uint64_t>(start),
                          random::StreamName::cluster_centres);
    auto centres = first_centres(points, k, random);
    Clustering groups{std::vector<int>(points.count(), -1), 0};
    for (int round = 0; round < kMostRounds && assign(points, centres, groups); ++round) {
      fill_empty(points, centres, groups);
      centres = means(points, groups, k);
    }
    fill_empty(points, centres, groups);
    if (groups.squared_error < best.squared_error) best = std::move(groups);
  }
  return best;
}

}  // namespace nt::numerics
