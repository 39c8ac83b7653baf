#pragma once
#include <optional>
#include <span>
#include <vector>

#include "search/search.hpp"

namespace nt::search {

TriedNetwork tried_network(const SearchTask& task, const Knowledge& knowledge, const FinishedRung& finished);

/// One for each trial that has a result, by its number.
std::vector<TriedNetwork> tried_networks(const SearchTask& task, const Knowledge& knowledge);

/// Networks, not trainings: those that were trained again to the rung that they had reached have the mean of
/// their trainings.
std::vector<TriedNetwork> networks_of(const SearchTask& task, std::span<const TriedNetwork> trials);

/// Puts recurrent networks behind the others, of which it says how many there are.
size_t controls_last(std::vector<TriedNetwork>& points);

/// The mean of three trainings is no rival for the one training that was luckiest: networks are compared that
/// were trained as often as all those were that the search trains again. Says it in `trained_enough`.
void compare_like_with_like(const SearchTask& task, std::span<TriedNetwork> points);

std::optional<size_t> best_of(std::span<const TriedNetwork> points);
std::vector<size_t> front_by(std::span<const TriedNetwork> points, Size measure);
/// The contenders. A depth of which no network was trained enough has the best of all of it.
std::vector<size_t> candidates_by(std::span<const TriedNetwork> points, Size measure);

}  // namespace nt::search
