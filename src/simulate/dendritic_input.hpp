#pragma once
#include <vector>

#include "cell/detailed.hpp"
#include "stimulus/stimulus.hpp"

namespace neurontwin {

/// The synapses of a detailed neuron as pools, one for each region that has any: "basal", "apical" (Beniaguev
/// et al. 2021, Methods). A synapse's share is in proportion to its compartment's length plus `added_um`.
std::vector<SynapsePool> synapse_pools(const DetailedCell& cell, double added_um = 10);

}  // namespace neurontwin
