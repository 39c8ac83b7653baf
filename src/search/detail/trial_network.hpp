#pragma once
#include <filesystem>

#include "search/search.hpp"

namespace nt::search {

/// A trial's network as its training begins: every trial has random weights of its own.
twin::Twin fresh_network(const SearchTask& task, int64_t trial, const Configuration& configuration);

/// What the order of its training windows follows from: all networks see the same, but one that is trained
/// again sees another.
uint64_t seed_of_windows(const SearchTask& task, int64_t trial, const Configuration& configuration);

/// What the checkpoints of a trial are known by.
std::string identity_of(const SearchTask& task, const Configuration& configuration);

/// Keeps the trial's best weights so far as those of a finished rung: training to the next one replaces
/// best.safetensors long before it has a result.
void keep_weights(const std::filesystem::path& trial_folder, int64_t rung);
/// Removes those of the rungs before.
void forget_older_weights(const std::filesystem::path& trial_folder, int64_t rung);

/// The network of a finished rung, to be asked.
twin::Twin finished_network(const SearchTask& task, const Job& job, const Configuration& configuration,
                            const std::filesystem::path& trial_folder);

}  // namespace nt::search
