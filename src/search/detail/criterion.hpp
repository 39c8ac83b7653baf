#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "evaluate/trial_score.hpp"
#include "search/answers.hpp"

namespace nt::search {

/// A measure of a network on the validation set, and on as many resamples of its trials as one likes. The
/// resamples of two networks are the same ones, so that a difference is a paired one (Efron and Tibshirani
/// 1993): what makes a trial hard is hard for both.
using Measured = statistics::Resampled;
struct Answers {
  Measured auc, variance_explained;
  double rmse_mV = 0;
};

/// weight [trial][resample], see resampling_weights. Bins before skip_ms do not count.
Answers measure(std::span<const evaluate::TrialComparison> trials, int64_t skip_ms,
                std::span<const float> weight, size_t resamples);

/// The mean of several trainings of one network: measures, and in each resample as many trainings drawn from
/// these with replacement, all on that resample's trials. So its spread is that of other trials and of other
/// trainings. (Of few trainings a bootstrap sees too little spread: (n-1)/n of the variance.)
Answers mean_of(std::span<const Answers* const> trainings, uint64_t seed);

struct Comparison {
  statistics::Estimate difference;  // best - other, at the confidence
  Verdict not_worse = Verdict::undecided;
};
/// Whether `other` is not worse than `best` by more than epsilon: yes or no if at least `confidence` of the
/// resamples say so.
Comparison compare_with_best(const Measured& best, const Measured& other, double epsilon, double confidence);

/// Whether a measure reaches a target, by the same rule.
Verdict reaches(const Measured& measured, double target, double confidence);

/// Smallest size in each resample among networks not worse than the best of that resample by more than
/// epsilon. What a criterion's answer would have been with other validation trials.
std::vector<double> smallest_not_worse(std::span<const double> sizes,
                                       std::span<const Measured* const> measured, double epsilon);
/// The same for networks that reach a target in both measures; 0: no target. Infinite where none does.
std::vector<double> smallest_on_target(std::span<const double> sizes, std::span<const Answers* const> answers,
                                       double auc, double variance_explained);

/// The sizes that hold `confidence` of the resamples' smallest networks.
std::pair<double, double> size_interval(std::vector<double> smallest, double confidence);

/// Functional complexity index (Aizenbud et al.; docs/search.md): 0 for an area of 0.999 under the ROC curve
/// of the probe network, 1 for 0.9.
double complexity_index(double auc);

/// What width_or_depth() is told of a network.
struct TrainedNetwork {
  double score = 0, depth = 1, parameters = 1, learning_rate = 1;
  bool fully_connected = false;
};
/// Least squares on log2 depth, log2 parameters, the learning rate's logarithm and its square (each network
/// has its own rate, some bad) and the family; intervals by resampling networks. NaNs if there are too few or
/// they do not differ.
WidthOrDepth width_or_depth(std::span<const TrainedNetwork> networks, double confidence, uint64_t seed);

}  // namespace nt::search
