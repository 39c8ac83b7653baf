#pragma once
#include <span>
#include <vector>

#include "evaluate/metrics.hpp"
#include "simulate/state_bytes.hpp"

namespace nt::evaluate {

/// Sums over the bins of one trial, of each value of a signal (dendritic components): enough for every score
/// of these and its bootstrap, so that predictions need not be kept. Truth y, error e, in the signal's unit.
struct SignalSums {
  double bins = 0;
  std::vector<double> e2, y, y2;  // [component]

  void add(const SignalSums& other, double weight);
};

/// `truth` and `predicted` are [ms][component]; the first skip_ms do not count. RunError if they are not of
/// the same size.
SignalSums score_signal(std::span<const float> truth, std::span<const float> predicted, int64_t components,
                        int64_t skip_ms);

/// As bytes, from one rank to another.
void put(simulate::StateWriter& to, const SignalSums& sums);
SignalSums next_signal_sums(simulate::StateReader& from);

struct SignalMetrics {
  /// 1 - mean squared error / variance, of each component; NaN of one that does not vary.
  std::vector<double> variance_explained_of;
  double variance_explained = 0;  // mean over the components that vary
  double rmse = 0;                // root of the mean square over bins and components, in the signal's unit
};
SignalMetrics signal_metrics(const SignalSums& sums);

/// "HEAD.*" ("dendrites.rmse") of the sums of some trials, with intervals from a bootstrap over these.
/// Nothing if there are none.
Metrics signal_scores(const std::string& head, std::span<const SignalSums> trials, int64_t resamples,
                      uint64_t seed);

}  // namespace nt::evaluate
