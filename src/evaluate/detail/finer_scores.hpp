#pragma once
#include "evaluate/detail/calibration.hpp"

namespace nt::evaluate {

/// What overall scores hide: the voltage by frequency band (band_metrics()), all by the neuron's rate
/// (rate_bin_scores()), and whether predicted chances come true (calibration_scores()).
struct FinerScores {
  NamedMetrics values;
  ResampledMetrics resampled;
  CalibrationGroups calibration_groups;  // none without a true spike
};
/// Over the test trials, with the draws that resampled_metrics() makes with the same number and seed.
FinerScores finer_scores(std::span<const TrialComparison> trials, const Thresholds& thresholds,
                         int64_t skip_ms, int64_t resamples, uint64_t seed);

/// Writes them with their 95 % intervals. Of a neuron that did not spike those of its voltage alone.
void put_finer_scores(Metrics& metrics, const FinerScores& scores, bool has_spikes);

}  // namespace nt::evaluate
