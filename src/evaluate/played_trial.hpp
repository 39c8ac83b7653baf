#pragma once
#include <span>

#include "cell/detailed.hpp"
#include "progress/watcher.hpp"
#include "simulate/simulation.hpp"
#include "twin/twin.hpp"

namespace nt::evaluate {

/// Trials with so many output spikes each, in the order in which they would do to be shown: those first whose
/// number is nearest to the mean, but two at least where a trial has two, or as many as any has. Of equals
/// the first.
std::vector<size_t> typical_trials(std::span<const int64_t> spikes_of);

/// Where a played trial begins to be shown.
struct Opening {
  int64_t at_ms = 0;    // shortly before output spikes, after the first half second where there are some
  bool is_hit = false;  // a spike of the neuron and one of the twin, at most 2 ms apart
};
/// Both ascending. Without a hit before a spike of the neuron, without one at the start.
Opening opening_of(std::span<const int64_t> predicted_ms, std::span<const int64_t> actual_ms);

/// No more of a trial is played.
inline constexpr int64_t kMostPlayed_ms = 6000;
/// Played voltages are one of 256 levels from the first of these to the second.
inline constexpr double kLowestPlayed_mV = -90, kHighestPlayed_mV = 40;
/// As base64 they take a third more.
inline constexpr int64_t kMostPlayedBytes = 3'000'000;

/// What the report plays.
struct PlayedTrial {
  size_t trial = 0;
  int64_t duration_ms = 0, opens_ms = 0;
  stimulus::SynapticInput input = {};
  std::vector<float> spikes_ms = {};
  std::vector<float> soma_mV = {}, predicted_soma_mV = {}, predicted_spike_probability = {};  // [ms]
  int64_t step_ms = 1;  // from a sample of the compartments' voltages to the next
  int64_t samples = 0;
  std::vector<uint8_t> levels = {};  // [sample][compartment]
};

/// Of the trials of `test` in which neuron and twin spike together the most typical one, or where there is
/// none the most typical of all; its input, its output and the twin's, where it opens, and the voltage of
/// every compartment. The twin spikes where its chance is above `threshold`; never if that is NaN. Data sets
/// do not hold these: the trial is simulated once more, every compartment recorded every ms, or every 2nd,
/// 3rd ... as kMostPlayedBytes ask for. RunError if the user stopped it.
PlayedTrial played_trial(twin::Twin& twin, double threshold, const dataset::Split& test,
                         const cell::Neuron& neuron, const simulate::SimulationSpec& simulation,
                         const Watcher& watcher);

}  // namespace nt::evaluate
