#pragma once
#include <optional>
#include <string>

#include "dataset/split.hpp"

namespace nt::dataset {

/// How many output spikes there are to learn from or to be judged by.
struct EventSupport {
  int64_t skip_ms = 0;             // of each trial's start, which do not count
  std::vector<int64_t> spikes_of;  // [trial]
  int64_t spikes = 0;
  int64_t spikes_after_skip = 0;
  int64_t trials_with_spikes = 0;
  int64_t total_ms = 0;  // of all trials

  void add(const TrialView& trial);
  size_t trials() const { return spikes_of.size(); }
  int64_t trials_above(int64_t most_spikes) const;
  /// The rates that these shares (from 0 to 1) of the trials do not exceed, linear between trials.
  std::vector<double> rate_quantiles_hz(std::span<const double> shares) const;
  double seconds() const { return static_cast<double>(total_ms) / 1000; }
  double rate_hz() const { return static_cast<double>(spikes) / seconds(); }
};
EventSupport event_support(const Split& split, int64_t skip_ms = 0);

/// The published evaluation drops trials with more output spikes than this.
inline constexpr int64_t kPublishedMostSpikes = 24;

/// "valid: 16 trials, 96 s, 71 output spikes in 15 trials, 0.740 Hz", and those after the skipped start where
/// some is skipped.
std::string words_for(const EventSupport& support, const std::string& split);

/// Fewer spikes than this say little: an area A under the ROC curve, of n spikes, has a standard error of up
/// to sqrt(A (1 - A) / n) (Hanley and McNeil 1982, with many more bins without a spike than with one), which
/// is 0.026 for A = 0.98 and n = 30, more than what tells a good twin from a bad one.
inline constexpr int64_t kFewSpikes = 30;

/// What follows from too few spikes in the split of this name ("train", "valid", "test"); nothing if there
/// are enough.
std::optional<std::string> warning_of(const EventSupport& support, const std::string& split);

/// Most neurons fire at such rates on average; far from them a twin has little to learn from, or the input is
/// not what it was meant to be.
inline constexpr double kLowRate_hz = 0.1, kHighRate_hz = 20;
/// What to do about an output rate outside of these; nothing if it lies within.
std::optional<std::string> rate_warning_of(const EventSupport& support, const std::string& split);

}  // namespace nt::dataset
