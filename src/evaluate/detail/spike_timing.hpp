#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace nt::evaluate {

/// One spike for each run of consecutive bins whose score exceeds the threshold, at the run's highest bin.
std::vector<int64_t> spikes_above(std::span<const float> score, float threshold, int64_t first_bin = 0);

struct Matches {
  int64_t matched = 0, predicted = 0, actual = 0;
  Matches& operator+=(const Matches& other);
};
/// The most pairs of a predicted and a true spike at most `tolerance` apart, each used once. Both ascending.
Matches match_spikes(std::span<const int64_t> predicted, std::span<const int64_t> actual, int64_t tolerance);

/// The pairs themselves: places in the two lists.
std::vector<std::pair<size_t, size_t>> matched_pairs(std::span<const int64_t> predicted,
                                                     std::span<const int64_t> actual, int64_t tolerance);

/// F1 = 2 matched / (predicted + actual); 1 if there is nothing to find and nothing was found.
double f1(double matched, double predicted, double actual);

/// counts[lag + reach] += number of pairs with predicted - actual = lag, |lag| <= reach.
void add_cross_correlation(std::span<const int64_t> predicted, std::span<const int64_t> actual, int64_t reach,
                           std::span<int64_t> counts);

}  // namespace nt::evaluate
