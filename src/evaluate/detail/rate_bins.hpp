#pragma once
#include <array>
#include <span>
#include <string_view>

#include "evaluate/scores.hpp"

namespace nt::evaluate {

/// Trials are cut into stretches of this length, which are grouped by the neuron's own rate in them. What is
/// left at a trial's end does not count; a trial shorter than that is one stretch.
inline constexpr int64_t kStretch_ms = 1000;

/// A group of stretches: those with a rate above the group before and up to `most_hz`.
struct RateBin {
  std::string_view name;
  double most_hz;
};
inline constexpr std::array<RateBin, 5> kRateBins{
    {{"0_hz", 0}, {"0_to_2_hz", 2}, {"2_to_5_hz", 5}, {"5_to_10_hz", 10}, {"over_10_hz", 1e300}}};

/// Scores of each group by itself: "by_rate.GROUP.seconds", ".spike.auc", ".spike.f1_2ms",
/// ".spike.base_rate_hz", ".spike.expected_rate_hz", ".spike.false_alarms_per_s",
/// ".soma.rmse_away_from_spikes_mV". Spikes are paired in whole trials; a hit counts where the true spike is,
/// a false alarm where the predicted one is. `weight`: [trial][draw], of resampling_weights().
struct RateBinScores {
  NamedMetrics values;
  ResampledMetrics resampled;
};
RateBinScores rate_bin_scores(std::span<const TrialComparison> trials, const Thresholds& thresholds,
                              int64_t skip_ms, std::span<const float> weight, size_t draws);

}  // namespace nt::evaluate
