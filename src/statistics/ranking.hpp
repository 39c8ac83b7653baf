#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/estimate.hpp"

namespace nt::statistics {

/// Area under the ROC curve: the chance that a bin with a spike scores above one without, ties counting half
/// (Mann and Whitney 1947). NaN if either kind is absent.
double area_under_roc(std::span<const float> score, std::span<const uint8_t> spike);

/// Scores and labels of one trial, one per 1 ms bin.
struct TrialBins {
  std::vector<float> score;
  std::vector<uint8_t> spike;
};

/// How the bins with a spike rank among those without, trial by trial: all that the area under the ROC curve,
/// true-positive rates at fixed false-positive rates and average precision need, for the trials as they are
/// or drawn again with any weights. This makes a bootstrap over trials exact and cheap: one matrix product
/// instead of a sort per resample.
struct RankTable {
  /// Bins with a spike, highest score first.
  std::vector<float> positive_score;
  std::vector<uint32_t> positive_trial;
  /// [positive][trial]: bins without a spike in that trial that score higher, ties as half.
  std::vector<float> above;
  std::vector<double> negatives;  // [trial]: bins without a spike
  size_t trials = 0;

  size_t positives() const { return positive_score.size(); }
};
RankTable rank(std::span<const TrialBins> trials);

struct RankMetrics {
  double auc = 0;
  double average_precision = 0;
  std::vector<double> tpr;  // at each of the false-positive rates asked for, read off the curve
};

/// For all trials counted once. NaN without a spike or without a bin free of spikes.
RankMetrics rank_metrics(const RankTable& table, std::span<const double> false_positive_rates);

/// The same for resamples of the trials: weight[trial][resample] says how often a trial is drawn.
std::vector<RankMetrics> rank_metrics(const RankTable& table, std::span<const double> false_positive_rates,
                                      std::span<const float> weight, size_t resamples);

/// The area under the ROC curve over all trials, and over each of their resamples; NaN where either kind of
/// bins is absent.
Resampled resampled_auc(const RankTable& table, std::span<const float> weight, size_t resamples);

struct RocPoint {
  double false_positive_rate, true_positive_rate, precision;
};
/// The curve at each bin with a spike, at most `most` of them evenly chosen, ends included.
std::vector<RocPoint> roc_curve(const RankTable& table, size_t most);

}  // namespace nt::statistics
