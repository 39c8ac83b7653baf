#pragma once
#include <span>

#include "evaluate/calibration.hpp"
#include "evaluate/scores.hpp"

namespace nt::evaluate {

inline constexpr size_t kCalibrationGroups = 20;

/// Do the chances that a prediction gives come true? 1 ms bins of all trials in kCalibrationGroups groups by
/// their predicted chance.
struct CalibrationScores {
  /// "spike.calibration_error": groups of equally many bins; mean over bins of |mean chance - share with a
  /// spike| of the bin's group (expected calibration error with adaptive bins: Nixon et al. 2019, "Measuring
  /// calibration in deep learning"). "spike.calibration_error_per_spike": groups in which equally many spikes
  /// are expected; the sum over groups of |expected - true spikes|, for each true spike. Both are above 0 for
  /// a perfect prediction of few trials, too.
  NamedMetrics values;
  ResampledMetrics resampled;
  CalibrationGroups groups;
};
/// `weight`: [trial][draw], of resampling_weights(). Nothing without a true spike.
CalibrationScores calibration_scores(std::span<const TrialComparison> trials, int64_t skip_ms,
                                     std::span<const float> weight, size_t draws);

}  // namespace nt::evaluate
