#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "stimulus/stimulus.hpp"

namespace nt::stimulus {

/// An order in which excitatory synapses are activated, one spike at each, at equal intervals (Branco, Clark
/// and Hausser 2010).
using SynapseOrder = std::vector<uint32_t>;

/// From the synapse farthest from the soma to the nearest. `distance_um`: of each of `synapses`.
SynapseOrder inward_order(std::span<const uint32_t> synapses, std::span<const double> distance_um);

/// `count` orders, each of all permutations equally likely.
std::vector<SynapseOrder> random_orders(std::span<const uint32_t> synapses, size_t count, uint64_t seed);

/// The spikes of a sequence, at start_ms, start_ms + interval_ms, ...
SynapticInput sequence_input(std::span<const uint32_t> order, int64_t start_ms, int64_t interval_ms);

/// How far a sequence goes towards the soma: over all pairs of synapses, those whose farther one comes first
/// less those whose nearer one does, as a share of the pairs: +1 for a wholly inward sequence, -1 for a
/// wholly outward one, 0 on average over random ones. Pairs at one distance count as neither. `distance_um`:
/// of the synapses in the order of their activation.
///
/// This is Kendall's rank correlation, and 1 - 2 s/p, with s the fewest exchanges of neighbours in the
/// sequence that make it inward and p the number of pairs. Branco, Clark and Hausser describe such an index;
/// their formula was not at hand, so theirs may differ.
double directionality(std::span<const double> distance_um);

}  // namespace nt::stimulus
