#pragma once
#include <vector>

#include "cell/neuron.hpp"
#include "stimulus/stimulus.hpp"

namespace nt::simulate {

/// The shorter a compartment, the more of its share it owes to this (Beniaguev et al. 2021, Methods).
inline constexpr double kAddedLength_um = 10;

/// The synapses of a detailed neuron as pools, one for each region that has any: "basal", "apical" (Beniaguev
/// et al. 2021, Methods). A synapse's share is in proportion to its compartment's length plus
/// kAddedLength_um.
std::vector<stimulus::SynapsePool> synapse_pools(const cell::DetailedCell& cell);

/// The same of any neuron: a point neuron's synapses are one pool.
std::vector<stimulus::SynapsePool> pools_of(const cell::Neuron& neuron);

/// The groups of its synapses, for inputs of their own: the named ones, or else all excitatory and all
/// inhibitory ones.
std::vector<stimulus::GroupSynapses> group_synapses(const cell::Neuron& neuron);

}  // namespace nt::simulate
