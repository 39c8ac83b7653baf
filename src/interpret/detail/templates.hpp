#pragma once
#include <nlohmann/json.hpp>

#include "interpret/places.hpp"
#include "twin/network_spec.hpp"

namespace nt::interpret {

/// What first-layer filters have in common. A row is one unit's view of one branch (an unbranched section of
/// the tree, or the soma): the mean filter of its excitatory and of its inhibitory synapses over all lags;
/// the positive and the negative part count as columns of their own, so that rows can be factorised
/// (factorise.hpp) into `templates` patterns that only add up. Units count as much as normalisation after
/// them lets them.
///
/// For each template: its excitatory and inhibitory filter, its share of the loadings' squares, its mean
/// loading in each part of the neuron and on each branch, and the part that it belongs to most: "mixed"
/// unless a bootstrap over units and branches tells that part from the next one at 95 %.
nlohmann::ordered_json filter_templates(const twin::FirstFilters& filters,
                                        std::span<const SynapsePlace> places, int64_t templates,
                                        uint64_t seed);

}  // namespace nt::interpret
