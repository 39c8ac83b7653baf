#include "evaluate/detail/spike_timing.hpp"

#include <algorithm>

namespace nt::evaluate {
namespace {

/// Tells `take` of each pair of places. With one tolerance for all, pairing the earliest that fit is optimal.
template <class F>
void for_each_match(std::span<const int64_t> predicted, std::span<const int64_t> actual, int64_t tolerance,
                    F&& take) {
  for (size_t p = 0, a = 0; p < predicted.size() && a < actual.size();) {
    if (predicted[p] < actual[a] - tolerance) {
      ++p;
    } else if (actual[a] < predicted[p] - tolerance) {
      ++a;
    } else {
      take(p, a);
      ++p;
      ++a;
    }
  }
}

}  // namespace

std::vector<int64_t> spikes_above(std::span<const float> score, float threshold, int64_t first_bin) {
  std::vector<int64_t> spikes;
  bool inside = false;
  for (auto t = static_cast<size_t>(first_bin); t < score.size(); ++t) {
    if (score[t] <= threshold) {
      inside = false;
    } else if (!inside) {
      spikes.push_back(static_cast<int64_t>(t));
      inside = true;
    } else if (score[t] > score[spikes.back()]) {
      spikes.back() = static_cast<int64_t>(t);
    }
  }
  return spikes;
}

Matches& Matches::operator+=(const Matches& other) {
  matched += other.matched;
  predicted += other.predicted;
  actual += other.actual;
  return *this;
}

Matches match_spikes(std::span<const int64_t> predicted, std::span<const int64_t> actual, int64_t tolerance) {
  Matches m{0, static_cast<int64_t>(predicted.size()), static_cast<int64_t>(actual.size())};
  for_each_match(predicted, actual, tolerance, [&](size_t, size_t) { ++m.matched; });
  return m;
}

std::vector<std::pair<size_t, size_t>> matched_pairs(std::span<const int64_t> predicted,
                                                     std::span<const int64_t> actual, int64_t tolerance) {
  std::vector<std::pair<size_t, size_t>> pairs;
  for_each_match(predicted, actual, tolerance, [&](size_t p, size_t a) { pairs.emplace_back(p, a); });
  return pairs;
}

double f1(double matched, double predicted, double actual) {
  return predicted + actual > 0 ? 2 * matched / (predicted + actual) : 1;
}

void add_cross_correlation(std::span<const int64_t> predicted, std::span<const int64_t> actual, int64_t reach,
                           std::span<int64_t> counts) {
  size_t first = 0;
  for (const int64_t a : actual) {
    while (first < predicted.size() && predicted[first] < a - reach) ++first;
    for (size_t p = first; p < predicted.size() && predicted[p] <= a + reach; ++p) {
      ++counts[predicted[p] - a + reach];
    }
  }
}

}  // namespace nt::evaluate
