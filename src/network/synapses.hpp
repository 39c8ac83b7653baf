#pragma once
#include <vector>

#include "dataset/cell_table.hpp"
#include "network/spec.hpp"

namespace nt::network {

/// What a network knows of a population's synapses: where each sits. The excitatory ones come first.
dataset::CellTable synapses_of(const Population& population);

/// The numbers of the chosen synapses, ascending. InputError where there is no such group, region or synapse,
/// or none is left.
std::vector<uint32_t> chosen_synapses(const SynapseChoice& choice, const dataset::CellTable& table);

}  // namespace nt::network
