#pragma once
#include "dataset/labels.hpp"
#include "evaluate/scores.hpp"

namespace nt::evaluate {

/// All scores of a twin on some test trials, as the evaluation has them, and their values over resamples of
/// the trials. Two of the same number of trials, resamples and seed are of the same draws.
struct ResampledScores {
  NamedMetrics values;
  ResampledMetrics resampled;
};

/// Under what conventions scores are taken.
struct Scoring {
  dataset::Labels labels =
      {};                   // the form that outputs are brought into, of splits that hand them out as stored
  int64_t skip_ms = 0;      // of each trial's start, which do not count
  double rate_per_bin = 0;  // of the constant-rate model
  int64_t resamples = 1000;
  uint64_t seed = 0;
};
/// Thresholds are chosen on `valid`.
ResampledScores resampled_scores(twin::Twin& twin, const dataset::Split& valid, const dataset::Split& test,
                                 const Scoring& scoring);

/// What one twin's score is more than another's, on the same trials.
struct ScoreDifference {
  std::string name;
  double a = 0, b = 0;
  double low = 0, high = 0;     // of b - a: 95 % interval of a bootstrap over the trials
  double other_sign_share = 0;  // of the resamples: those whose difference is 0 or has the other sign

  double difference() const { return b - a; }
};

/// Of every score that both have, in their order; paired: each resample's trials are those of both (Efron and
/// Tibshirani 1993, "An introduction to the bootstrap", chapter 8).
std::vector<ScoreDifference> paired_differences(const ResampledScores& a, const ResampledScores& b);

/// Why two splits do not hold the same trials, in words; empty: they do, input and output alike, however they
/// are stored. "trial 3 has other input spikes"
std::string why_other_trials(const dataset::Split& a, const dataset::Split& b);

}  // namespace nt::evaluate
