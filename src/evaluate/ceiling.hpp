#pragma once
#include "evaluate/trial_score.hpp"

namespace nt::evaluate {

/// What another simulation of the same trials came to, numerically different or jittered.
struct SecondAnswer {
  std::vector<std::vector<float>> spike_times_ms;  // [trial][spike], ascending
  std::vector<std::vector<float>> soma_mV;         // [trial][ms]; empty if only spikes are known
};

/// How a spike of the second answer speaks of the first's: with probability `share` there is one, a Gaussian
/// of this width around it.
struct SpikeKernel {
  double sd_ms = 0;  // 0: in the same 1 ms bin
  double share = 1;
};

/// Log-odds of a spike in each 1 ms bin, from the times of the second answer's spikes. The share of the
/// spikes that the kernel does not speak of comes at a constant rate.
std::vector<float> kernel_log_odds(std::span<const float> spike_times_ms, int64_t duration_ms,
                                   const SpikeKernel& kernel, double rate_per_bin);

/// The kernel under which the second answer makes the true spikes of these trials likeliest.
SpikeKernel choose_kernel(std::span<const TrialComparison> trials,
                          std::span<const std::vector<float>> spike_times_ms, double rate_per_bin);

/// True spike times, each moved by a normal deviate of `sd_ms` and kept within the trial: an oracle that
/// knows the spikes up to that.
std::vector<std::vector<float>> jittered(const dataset::Split& split, double sd_ms, uint64_t seed);

/// Moves the labels of a split's trials to where the published rounding puts them.
void use_published_labels(std::vector<TrialComparison>& trials, const dataset::Split& split);

}  // namespace nt::evaluate
