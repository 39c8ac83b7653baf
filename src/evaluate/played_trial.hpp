#pragma once
#include <nlohmann/json.hpp>
#include <span>

#include "cell/detailed.hpp"
#include "progress/progress.hpp"
#include "simulate/simulation.hpp"
#include "twin/twin.hpp"

namespace neurontwin {

/// Of trials with so many output spikes each, the one to show: its number is nearest to the mean, but two at
/// least where a trial has two, or as many as any has. Of equals the first.
size_t typical_trial(std::span<const int64_t> spikes_of);

/// No more of a trial is played.
inline constexpr int64_t kMostPlayed_ms = 6000;
/// Voltages in neuron.json are one of 256 levels from the first of these to the second.
inline constexpr double kLowestPlayed_mV = -90, kHighestPlayed_mV = 40;
/// As base64 they take a third more.
inline constexpr int64_t kMostPlayedBytes = 3'000'000;

/// "trial" of neuron.json, what the report plays: the typical trial of `test`, its input, its output and the
/// twin's, and the voltage of every compartment. Data sets do not hold these: the trial is simulated once
/// more, every compartment recorded every ms, or every 2nd, 3rd ... as kMostPlayedBytes ask for. RunError if
/// the user stopped it.
nlohmann::ordered_json played_trial(Twin& twin, const Split& test, const DetailedCell& cell,
                                    const SimulationSpec& simulation, const ProgressListener& listener);

}  // namespace neurontwin
